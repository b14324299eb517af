"""How far a ticket is from the training tickets: in meaning, and in wording.

Meaning is judged by the Mahalanobis distance of the encoder's embedding, brought to length 1, to
the training tickets' mean (Müller and Hein, "Mahalanobis++", ICML 2025, arXiv:2505.18032; after
Lee et al., arXiv:1807.03888). Wording is judged by `Wording`. What is too far is decided by the
thresholds in the manifest, which carry the same names as the scores.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from tierline.data.errors import BundleError
from tierline.models.runtime.prediction import Floats
from tierline.models.runtime.wording import BUCKETS, Wording

OUT_OF_DISTRIBUTION: Final = "out_of_distribution"
UNSUPPORTED_LANGUAGE: Final = "unsupported_language"


@dataclass(frozen=True, eq=False)
class Strangeness:
    """What the training tickets are like.

    ``mean`` (hidden,) is that of their embeddings of length 1, ``whitening`` (hidden, hidden) turns
    a difference from it into one whose length is the Mahalanobis distance.
    """

    mean: Floats
    whitening: Floats
    wording: Wording

    def scores(self, text: str, embedding: Floats) -> dict[str, float]:
        """Return the scores of a ticket by name, 0 and more, larger for stranger ones.

        A text with too few letters has no score for its language.
        """
        return {OUT_OF_DISTRIBUTION: self.distance(embedding)} | self.language(text)

    def language(self, text: str) -> dict[str, float]:
        """Return the score of a text's language alone, as `scores` does."""
        wording = self.wording.strangeness(text)
        return {} if wording is None else {UNSUPPORTED_LANGUAGE: wording}

    def distance(self, embedding: Floats) -> float:
        """Return the Mahalanobis distance of an embedding (hidden,)."""
        return float(np.linalg.norm((unit(embedding) - self.mean) @ self.whitening))

    def save(self, path: Path) -> None:
        """Write arrays of numbers only."""
        np.savez_compressed(
            path,
            allow_pickle=False,
            mean=self.mean,
            whitening=self.whitening,
            counts=self.wording.counts,
            tickets=np.int64(self.wording.tickets),
        )

    @classmethod
    def load(cls, path: Path) -> "Strangeness":
        """Read what `save` wrote; nothing in it can run code.

        Raises:
            BundleError: when the file holds something else.
        """
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                wording = Wording(file["counts"], int(file["tickets"]))
                found = cls(file["mean"], file["whitening"], wording)
            _check(found)
        except (
            BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            TypeError,
            ValueError,
            KeyError,
        ) as error:
            raise BundleError(
                f"{path} holds no scores that this version reads ({type(error).__name__}): "
                "train the bundle again with this version of Tierline"
            ) from None
        return found


def is_strange(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> bool:
    """Return whether a score is above the threshold of its name, where there is one."""
    return any(score > thresholds.get(name, math.inf) for name, score in scores.items())


def unit(embeddings: Floats) -> Floats:
    """Return embeddings (..., hidden) brought to length 1; zeros stay zeros."""
    length = np.linalg.norm(embeddings, axis=-1, keepdims=True)
    scaled: Floats = embeddings / np.maximum(length, np.float32(1e-12))
    return scaled


def _check(found: Strangeness) -> None:
    hidden = len(found.mean)
    shapes = (found.whitening.shape, found.wording.counts.shape)
    if shapes != ((hidden, hidden), (BUCKETS,)):
        raise ValueError("arrays of other shapes")

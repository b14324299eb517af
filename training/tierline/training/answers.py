"""What a model answered, head by head, beside the truth: what every figure is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.rows import Row
from tierline.models.runtime.manifest import Head
from tierline.models.runtime.prediction import Prediction
from tierline.training.metrics import Indices, Labels
from tierline.training.targets import ABSENT, HeadLabels

#: The decision itself, reported beside the heads: the tier that `recommend` gives.
TIER: Final = "tier"


@dataclass(frozen=True, eq=False)
class Answers:
    """One head's answers to the n rows whose true label the model has.

    ``rows`` (n,) are positions in the evaluated file, ``truth`` and ``predicted`` (n,) indices
    into ``labels``, ``confidence`` (n,) from 0 to 1. ``probabilities`` (n, labels) is absent for
    the tier, which is decided and not predicted.
    """

    head: str
    labels: tuple[str, ...]
    rows: Indices
    truth: Labels
    predicted: Labels
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None = None

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each answer is right, shape (n,)."""
        return np.equal(self.truth, self.predicted)


def head_answers(
    heads: Sequence[Head], rows: Sequence[Row], predictions: Sequence[Prediction]
) -> Mapping[str, Answers]:
    """Return the answers of every head for which some row has a label that the model knows."""
    found = {}
    for head in heads:
        truth = HeadLabels(head.name, head.labels).targets(rows)
        known = np.flatnonzero(truth != ABSENT)
        if len(known):
            found[head.name] = _answers(head, known, truth[known], predictions)
    return found


def said(heads: Sequence[Head], predictions: Sequence[Prediction]) -> dict[str, tuple[str, ...]]:
    """Return the label that each head gave to every row, labelled or not."""
    return {h.name: tuple(p.heads[h.name].label for p in predictions) for h in heads}


def _answers(
    head: Head, rows: Indices, truth: Labels, predictions: Sequence[Prediction]
) -> Answers:
    answers = [predictions[i].heads[head.name] for i in rows]
    return Answers(
        head.name,
        head.labels,
        rows,
        truth,
        np.array([head.labels.index(a.label) for a in answers], dtype=np.int64),
        np.array([a.confidence for a in answers], dtype=np.float64),
        np.array([[a.probabilities[n] for n in head.labels] for a in answers], dtype=np.float64),
    )

"""Every test of one comparison, judged together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tierline.models.runtime.manifest import Manifest
from tierline.training.drift.answered import Answered
from tierline.training.drift.answers import confidence_shift, label_shifts
from tierline.training.drift.limits import Limits, holm_levels, resamples
from tierline.training.drift.sample import Sample
from tierline.training.drift.separation import separation
from tierline.training.drift.shift import Shift, Verdict
from tierline.training.drift.words import word_vectors

#: Version of the JSON: it rises when a key changes its meaning or goes.
SCHEMA: Final = 1


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two samples and every test's verdict.

    ``model`` is its version, None without one. ``embedded`` says that the input was compared by
    the model's embeddings, not by words.
    """

    reference: Sample
    recent: Sample
    model: str | None
    embedded: bool
    verdicts: tuple[Verdict, ...]
    limits: Limits
    seed: int

    @property
    def drift(self) -> bool:
        """Whether any test found drift."""
        return any(v.drift for v in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "schema": SCHEMA,
            "drift": self.drift,
            "changes": [line for v in self.verdicts for line in v.sentences],
            "reference": self.reference.as_json(),
            "recent": self.recent.as_json(),
            "model": self.model,
            "input_by": "embeddings" if self.embedded else "words",
            "limits": self.limits.as_json(),
            "seed": self.seed,
            "tests": [v.as_json() for v in self.verdicts],
        }


def compare(
    reference: Sample,
    recent: Sample,
    manifest: Manifest | None,
    answered: Answered | None,
    limits: Limits,
    seed: int,
    progress: Callable[[float], None] = lambda share: None,
) -> Comparison:
    """Run every test that there are answers for: the input, then labels and confidence by head.

    Where no model gives vectors, the input is compared by its words.
    """
    is_recent = np.repeat([False, True], [reference.size, recent.size])
    heads = manifest.heads if manifest else ()
    relabellings = resamples(limits.alpha, 1 + 2 * len(heads))
    shifts: list[Shift] = []
    if answered is not None:
        for head in heads:
            said, sure = answered.labels[head.name], answered.confidence[head.name]
            before, now = (
                np.bincount(said[part], minlength=len(head.labels))
                for part in (~is_recent, is_recent)
            )
            shifts.append(label_shifts(head.name, head.labels, before, now, relabellings, seed))
            shifts.append(confidence_shift(head.name, sure[~is_recent], sure[is_recent]))
    vectors = answered.vectors if answered else None
    embedded = vectors is not None
    if vectors is None:
        vectors = word_vectors([*reference.tickets, *recent.tickets], seed)
    keys = [*reference.keys, *recent.keys]
    shifts.insert(0, separation(vectors, is_recent, keys, relabellings, seed, progress))
    levels = holm_levels([s.p_value for s in shifts], limits.alpha)
    verdicts = tuple(Verdict(s, level, limits) for s, level in zip(shifts, levels, strict=True))
    version = manifest.version if manifest else None
    return Comparison(reference, recent, version, embedded, verdicts, limits, seed)

"""Two bundles on the same tickets: paired differences, and the tickets that changed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.rows import Row
from tierline.training import risk
from tierline.training.answers import Answers
from tierline.training.evaluate import Evaluation
from tierline.training.metrics import (
    Figure,
    Indices,
    accuracy,
    bootstrap,
    calibration_error,
    has_critical,
    macro_f1,
    quadratic_kappa,
    rated_too_low,
)
from tierline.training.report.costs import Costs, cost_matrix
from tierline.training.report.shown import shown_id
from tierline.training.targets import HeadLabels

#: Figures of which more is better; of all others less is.
MORE_IS_BETTER: Final = frozenset({"accuracy", "macro_f1", "quadratic_kappa"})


@dataclass(frozen=True)
class Difference:
    """A figure of both bundles on the same tickets; ``difference`` is this less the other.

    ``verdict`` is better or worse where the interval excludes 0, else "no clear difference".
    """

    head: str
    figure: str
    count: int
    this: float
    other: float
    difference: Figure

    @property
    def verdict(self) -> str:
        """What the interval allows to say."""
        if self.difference.low <= 0 <= self.difference.high:
            return "no clear difference"
        up = self.difference.low > 0
        return "better" if up == (self.figure in MORE_IS_BETTER) else "worse"

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"verdict": self.verdict}


@dataclass(frozen=True)
class Change:
    """A ticket that the two bundles answer differently; ``truth`` is None where unknown."""

    id: str | None
    head: str
    other: str
    this: str
    truth: str | None

    @property
    def effect(self) -> str:
        """Whether this bundle put it right, wrong, or neither."""
        if self.truth == self.this:
            return "now right"
        return "now wrong" if self.truth == self.other else "–"

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"effect": self.effect}


@dataclass(frozen=True)
class Comparison:
    """What differs between two bundles; ``skipped`` names heads whose labels differ."""

    this: str
    other: str
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    skipped: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "this": self.this,
            "other": self.other,
            "differences": [d.as_json() for d in self.differences],
            "changes": [c.as_json() for c in self.changes],
            "skipped": list(self.skipped),
        }


def compare(
    rows: Sequence[Row],
    this: tuple[str, Evaluation],
    other: tuple[str, Evaluation],
    costs: Costs,
) -> Comparison:
    """Compare two evaluations (version, figures) of the same rows."""
    ours, theirs = this[1].answers, other[1].answers
    shared = [h for h in ours if h in theirs and _same_question(ours[h], theirs[h])]
    differences = [d for h in shared for d in _differences(ours[h], theirs[h], costs)]
    skipped = tuple(h for h in ours if h not in shared)
    changes = _changes(rows, this[1], other[1])
    return Comparison(this[0], other[0], tuple(differences), changes, skipped)


def _same_question(this: Answers, other: Answers) -> bool:
    """Return whether both have the same labels, and so the same truth on the same rows."""
    return (
        this.labels == other.labels
        and np.array_equal(this.rows, other.rows)
        and np.array_equal(this.truth, other.truth)
    )


def _differences(this: Answers, other: Answers, costs: Costs) -> list[Difference]:
    """Bootstrap every figure of one head over the tickets, each draw the same for both."""
    measures = _measures(this, costs)

    def values(answers: Answers, rows: Indices) -> NDArray[np.float64]:
        return np.array([measure(answers, rows) for measure in measures.values()])

    everything = np.arange(len(this.rows))
    ours, theirs = values(this, everything), values(other, everything)
    figures = bootstrap(
        lambda rows: (values(this, rows) - values(other, rows)).tolist(), len(everything)
    )
    return [
        Difference(this.head, name, len(everything), float(a), float(b), figure)
        for name, a, b, figure in zip(measures, ours, theirs, figures, strict=True)
    ]


def _measures(answers: Answers, costs: Costs) -> dict[str, Callable[[Answers, Indices], float]]:
    found: dict[str, Callable[[Answers, Indices], float]] = {
        "accuracy": lambda a, r: accuracy(a.truth[r], a.predicted[r]),
        "macro_f1": lambda a, r: macro_f1(a.truth[r], a.predicted[r]),
        "calibration_error": lambda a, r: calibration_error(a.correct[r], a.confidence[r]),
        "risk_coverage_area": lambda a, r: risk.area(a.confidence[r], a.correct[r]),
    }
    if HeadLabels(answers.head, answers.labels).ordinal:
        found["quadratic_kappa"] = lambda a, r: quadratic_kappa(a.truth[r], a.predicted[r])
        if has_critical(answers.labels):
            found["rated_too_low"] = lambda a, r: rated_too_low(a.truth[r], a.predicted[r])
    if answers.head in {"severity", "tier", *costs}:
        matrix = cost_matrix(answers.head, answers.labels, costs)
        found["cost"] = lambda a, r: float(matrix[a.truth[r], a.predicted[r]].mean())
    return found


def _changes(rows: Sequence[Row], this: Evaluation, other: Evaluation) -> tuple[Change, ...]:
    changes = []
    for head in [h for h in this.said if h in other.said]:
        answers = this.answers.get(head)
        truth = {} if answers is None else _truth(answers)
        pairs = zip(rows, other.said[head], this.said[head], strict=True)
        changes += [
            Change(shown_id(row.ticket), head, before, after, truth.get(i))
            for i, (row, before, after) in enumerate(pairs)
            if before != after
        ]
    return tuple(changes)


def _truth(answers: Answers) -> dict[int, str]:
    return {int(i): answers.labels[t] for i, t in zip(answers.rows, answers.truth, strict=True)}

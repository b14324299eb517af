"""Figures of a classifier, each with a 95% interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from tierline.data.labels import LABELS
from tierline.training.targets import HeadLabels

Labels = NDArray[np.int64]
Indices = NDArray[np.int64]
#: Draws of every bootstrap, and the seed of its random numbers.
RESAMPLES: Final = 1000
SEED: Final = 0
_BINS: Final = 10
#: Severity levels counted as severe: the first two of the scale.
_SEVERE: Final = 2


@dataclass(frozen=True)
class Figure:
    """A measured value and its 95% interval (percentile bootstrap over tickets, 1,000 draws)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """Return the mean F1 over the labels that occur in ``truth``."""
    size = int(max(truth.max(), predicted.max())) + 1
    table = np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size)
    hits, real, said = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    occurs = real > 0
    return float((2 * hits[occurs] / (real + said)[occurs]).mean())


def accuracy(truth: Labels, predicted: Labels) -> float:
    """Return the share of equal labels."""
    return float((truth == predicted).mean())


def quadratic_kappa(truth: Labels, predicted: Labels) -> float:
    """Return Cohen's kappa with quadratic weights (1 for perfect agreement, 0 for chance)."""
    size = int(max(truth.max(), predicted.max())) + 1
    table = np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size)
    cost = np.subtract.outer(np.arange(size), np.arange(size)) ** 2
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(truth)
    disagreement = float((cost * by_chance).sum())
    return 1.0 - float((cost * table).sum()) / disagreement if disagreement else 1.0


def beyond_chance(truth: Labels, predicted: Labels) -> float:
    """Return accuracy less what the same answers, dealt to the tickets by chance, would reach.

    That is the numerator of Cohen's kappa: 0 for answers that don't depend on the ticket.
    """
    size = int(max(truth.max(), predicted.max())) + 1
    real, said = (np.bincount(labels, minlength=size) for labels in (truth, predicted))
    return accuracy(truth, predicted) - float(real @ said) / len(truth) ** 2


def has_critical(labels: Sequence[str]) -> bool:
    """Return whether the labels are default severities of which the first two are P1 and P2."""
    known = LABELS["severity"]
    return tuple(labels[:_SEVERE]) == known[:_SEVERE] and set(labels) <= set(known)


def rated_too_low(truth: Labels, predicted: Labels) -> float:
    """Return the share of severe tickets (P1, P2) that were rated mild (P3, P4)."""
    severe = truth < _SEVERE
    return float((predicted[severe] >= _SEVERE).mean()) if severe.any() else 0.0


def calibration_error(correct: NDArray[np.bool_], confidence: NDArray[np.float64]) -> float:
    """Return the expected calibration error over 10 equal-width bins, 0 (best) to 1."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(correct[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(np.sum(gaps))


def bootstrap(
    statistic: Callable[[Indices], Sequence[float]], count: int, seed: int = SEED
) -> tuple[Figure, ...]:
    """Return each of a statistic's values with its interval.

    ``statistic`` gets positions of tickets, shape (count,), with repeats in a resample.
    """
    rng = np.random.default_rng(seed)
    draws = [statistic(rng.integers(0, count, count)) for _ in range(RESAMPLES)]
    lows, highs = np.percentile(draws, [2.5, 97.5], axis=0)
    values = statistic(np.arange(count))
    return tuple(Figure(*map(float, f)) for f in zip(values, lows, highs, strict=True))


def with_interval(
    metric: Callable[[Labels, Labels], float], truth: Labels, predicted: Labels, seed: int = SEED
) -> Figure:
    """Return a metric with its bootstrap interval."""
    (figure,) = bootstrap(lambda r: (metric(truth[r], predicted[r]),), len(truth), seed)
    return figure


@dataclass(frozen=True)
class HeadReport:
    """What was measured of one head; ``confusion`` is (labels, labels), rows are the truth."""

    head: str
    labels: tuple[str, ...]
    count: int
    figures: Mapping[str, Figure]
    per_label: Mapping[str, Mapping[str, float]]
    confusion: NDArray[np.int64]
    calibration_error: float | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "count": self.count,
            **{name: asdict(figure) for name, figure in self.figures.items()},
            "expected_calibration_error": self.calibration_error,
            "per_label": {k: dict(v) for k, v in self.per_label.items()},
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
        }


def report_head(
    head: str,
    labels: Sequence[str],
    truth: Labels,
    predicted: Labels,
    confidence: NDArray[np.float64] | None = None,
) -> HeadReport:
    """Measure one head from label indices of shape (tickets,)."""
    figures = {
        "macro_f1": with_interval(macro_f1, truth, predicted),
        "accuracy": with_interval(accuracy, truth, predicted),
    }
    if HeadLabels(head, tuple(labels)).ordinal:
        figures["quadratic_kappa"] = with_interval(quadratic_kappa, truth, predicted)
        if has_critical(labels):
            figures["rated_too_low"] = with_interval(rated_too_low, truth, predicted)
    size = len(labels)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=range(size), zero_division=0.0
    )
    per_label = {
        label: {
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "count": int(support[i]),
        }
        for i, label in enumerate(labels)
    }
    confusion = np.bincount(truth * size + predicted, minlength=size * size)
    error = None if confidence is None else calibration_error(truth == predicted, confidence)
    return HeadReport(
        head, tuple(labels), len(truth), figures, per_label, confusion.reshape(size, size), error
    )

"""Risk–coverage: how many tickets can be answered automatically at how many errors.

Coverage is the share of tickets answered, the surest first; risk is the share of errors among
them (Geifman and El-Yaniv, NeurIPS 2017, "Selective Classification for Deep Neural Networks").
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tierline.training.metrics import Figure, Indices, bootstrap

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
#: Shares of errors that a desk may accept among the tickets answered automatically.
LIMITS: Final = (0.01, 0.02, 0.05, 0.10, 0.20)
#: Points of the curve that are kept for JSON and pictures.
_POINTS: Final = 100


@dataclass(frozen=True)
class Automatic:
    """The largest coverage at which at most ``limit`` of the answers are wrong.

    ``threshold`` is the confidence from which on tickets are answered, None when no threshold
    keeps the limit; coverage is then 0.
    """

    limit: float
    coverage: Figure
    threshold: float | None


@dataclass(frozen=True)
class RiskCoverage:
    """One head's curve as (coverage, risk) points, coverage rising to 1, and its area.

    ``area`` is the mean risk over all coverages, 0 (best) to 1; ``best_area`` is what the same
    answers would have if every wrong one were less sure than every right one.
    """

    count: int
    error: float
    area: Figure
    best_area: float
    automatic: tuple[Automatic, ...]
    curve: tuple[tuple[float, float], ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


class Ranking:
    """Answers ranked by confidence; equally sure answers stand or fall together."""

    def __init__(self, confidence: Floats, correct: Flags) -> None:
        self._levels, place = np.unique(-confidence, return_inverse=True)
        self._level = place.reshape(-1)
        self._wrong = (~correct).astype(np.float64)

    def risk(self, rows: Indices | None = None) -> Floats:
        """Return the risk at 1, 2, … n answers, shape (n,).

        Among equally sure answers the errors are spread evenly, so no order is favoured.
        """
        sizes, errors = self._counts(rows)
        slot = np.repeat(np.arange(len(sizes)), sizes)
        done = np.arange(1, len(slot) + 1)
        start, errors_before = np.cumsum(sizes) - sizes, np.cumsum(errors) - errors
        share = (done - start[slot]) / sizes[slot]
        risk: Floats = (errors_before[slot] + errors[slot] * share) / done
        return risk

    def coverage_at(self, limit: float, rows: Indices | None = None) -> tuple[float, float | None]:
        """Return the largest coverage with at most ``limit`` errors, and its threshold."""
        sizes, errors = self._counts(rows)
        answered = np.cumsum(sizes)
        good = np.flatnonzero((np.cumsum(errors) <= limit * answered) & (sizes > 0))
        if not len(good):
            return 0.0, None
        return float(answered[good[-1]] / answered[-1]), float(-self._levels[good[-1]])

    def _counts(self, rows: Indices | None) -> tuple[NDArray[np.int64], Floats]:
        """Return answers and errors by level of confidence, the surest level first."""
        level, wrong = self._level, self._wrong
        if rows is not None:
            level, wrong = level[rows], wrong[rows]
        size = len(self._levels)
        counts = np.bincount(level, minlength=size).astype(np.int64)
        return counts, np.bincount(level, wrong, minlength=size).astype(np.float64)


def area(confidence: Floats, correct: Flags) -> float:
    """Return the area under the risk–coverage curve, 0 (best) to 1."""
    return float(Ranking(confidence, correct).risk().mean())


def best_area(correct: Flags) -> float:
    """Return the smallest area that answers with these errors can have, 0 to 1."""
    return area(correct.astype(np.float64), correct) if len(correct) else 0.0


def risk_coverage(confidence: Floats, correct: Flags) -> RiskCoverage:
    """Measure one head from its answers' confidence and correctness, both of shape (n,)."""
    ranking = Ranking(confidence, correct)

    def figures(rows: Indices) -> list[float]:
        covered = [ranking.coverage_at(limit, rows)[0] for limit in LIMITS]
        return [float(ranking.risk(rows).mean()), *covered]

    whole, *covered = bootstrap(figures, len(correct))
    thresholds = [ranking.coverage_at(limit)[1] for limit in LIMITS]
    automatic = map(Automatic, LIMITS, covered, thresholds)
    error, curve = float((~correct).mean()), _points(ranking.risk())
    return RiskCoverage(len(correct), error, whole, best_area(correct), tuple(automatic), curve)


def _points(risk: Floats) -> tuple[tuple[float, float], ...]:
    """Return at most `_POINTS` points of the curve, the last one at full coverage."""
    answered = np.unique(np.linspace(1, len(risk), min(len(risk), _POINTS)).round().astype(int))
    return tuple((float(a / len(risk)), float(risk[a - 1])) for a in answered)

"""Prediction drift and confidence drift: how often each label is given, and how surely."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp, random_table

from tierline.training.drift.limits import Limits

#: A rare label has drifted too when its share at least doubles or halves and moves by this part
#: of the points that others must move: from 0.5% to 1.5% is three times the work.
_RARE: Final = 1 / 3


@dataclass(frozen=True)
class LabelShift:
    """One label's share in both files, 0 to 1; ``p_value`` is adjusted for the head's labels."""

    label: str
    reference: float
    recent: float
    p_value: float

    def moved(self, limits: Limits) -> bool:
        """Whether the share moved far enough to matter."""
        least, low, high = limits.share_points / 100, *sorted((self.reference, self.recent))
        return high - low >= least or (high >= 2 * low and high - low >= _RARE * least)

    def __str__(self) -> str:
        """Return both shares in words."""
        return f"{self.label} went from {self.reference:.1%} to {self.recent:.1%}"


@dataclass(frozen=True)
class LabelShifts:
    """How the labels that a model gives for one head moved."""

    head: str
    labels: tuple[LabelShift, ...]
    kind = "labels"

    @property
    def p_value(self) -> float:
        """The chance of so clear a move of any label, were the files alike."""
        return min(s.p_value for s in self.labels)

    def drifts(self, level: float, limits: Limits) -> list[LabelShift]:
        """Return the labels whose move is significant at ``level`` and large enough."""
        return [s for s in self.labels if s.p_value <= level and s.moved(limits)]

    def drifted(self, level: float, limits: Limits) -> bool:
        """Whether any label's move is significant at ``level`` and large enough."""
        return bool(self.drifts(level, limits))

    def effect(self) -> str:
        """Return the largest move in a few words."""
        return str(max(self.labels, key=lambda s: abs(s.recent - s.reference)))

    def sentences(self, level: float, limits: Limits) -> list[str]:
        """Return what changed, in plain words, the largest move first."""
        found = sorted(self.drifts(level, limits), key=lambda s: -abs(s.recent - s.reference))
        return [f"{self.head}: {shift} of tickets." for shift in found]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"labels": [asdict(s) for s in self.labels]}


@dataclass(frozen=True)
class ConfidenceShift:
    """How a head's confidence moved.

    ``below`` is the confidence at which the files differ most, ``reference`` and ``recent`` the
    shares of answers at or below it: their distance is the Kolmogorov-Smirnov statistic.
    """

    head: str
    below: float
    reference: float
    recent: float
    means: tuple[float, float]
    p_value: float
    kind = "confidence"

    def drifted(self, level: float, limits: Limits) -> bool:
        """Whether it is significant at ``level`` and large enough."""
        moved = abs(self.recent - self.reference)
        return self.p_value <= level and moved >= limits.confidence_points / 100

    def effect(self) -> str:
        """Return the size of the move in a few words."""
        return f"mean {self.means[0]:.3f} to {self.means[1]:.3f}"

    def sentences(self, level: float, limits: Limits) -> list[str]:
        """Return what changed, in plain words."""
        return [
            f"{self.head}: answers with a confidence of at most {_sure(self.below)} went from "
            f"{self.reference:.1%} to {self.recent:.1%} of tickets ({self.effect()})."
        ]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {k: v for k, v in asdict(self).items() if k not in {"head", "p_value"}}


def _sure(confidence: float) -> str:
    """Return a confidence with so many digits that none below 1 reads as 1, two at least."""
    doubt = 1 - confidence
    digits = max(2, -math.floor(math.log10(doubt))) if doubt > 0 else 2
    return f"{confidence:.{digits}f}"


def label_shifts(
    head: str,
    labels: Sequence[str],
    reference: NDArray[np.int64],
    recent: NDArray[np.int64],
    relabellings: int,
    seed: int,
) -> LabelShifts:
    """Compare how often each label was given; ``reference`` and ``recent`` (labels,) are counts.

    The statistic is the largest of the labels' standardised differences, its distribution that
    of random tables with the same margins (Westfall and Young 1993, single-step maxT): exact for
    rare labels too, and it says which label moved.
    """
    table = np.stack([reference, recent])
    files, totals = table.sum(axis=1), table.sum(axis=0)
    tables = random_table(files, totals).rvs(relabellings, random_state=np.random.default_rng(seed))
    found = _standardised(table[None], files, totals)[0]
    largest = _standardised(tables, files, totals).max(axis=1)
    as_large = (largest[:, None] >= found[None] - 1e-9).sum(axis=0)
    p_values = (1 + as_large) / (1 + relabellings)
    shares = table / files[:, None]
    return LabelShifts(
        head,
        tuple(
            LabelShift(name, float(shares[0, i]), float(shares[1, i]), float(p_values[i]))
            for i, name in enumerate(labels)
        ),
    )


def confidence_shift(
    head: str, reference: NDArray[np.float64], recent: NDArray[np.float64]
) -> ConfidenceShift:
    """Compare the confidences (n,) and (m,) of two files with the Kolmogorov-Smirnov test."""
    test = ks_2samp(reference, recent, method="asymp")
    below = float(test.statistic_location)
    shares = [float((x <= below).mean()) for x in (reference, recent)]
    means = float(reference.mean()), float(recent.mean())
    return ConfidenceShift(head, below, shares[0], shares[1], means, float(test.pvalue))


def _standardised(
    tables: NDArray[np.int64], files: NDArray[np.int64], totals: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each label's difference in share over its standard error: (tables, labels)."""
    shares = tables / files[:, None]
    overall = totals / totals.sum()
    error = np.sqrt(overall * (1 - overall) * (1 / files).sum())
    gap = np.abs(shares[:, 1] - shares[:, 0])
    return np.asarray(np.divide(gap, error, out=np.zeros_like(gap), where=error > 0))

"""When a difference is drift: significant among all tests made, and large enough to matter."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Final

import numpy as np
from scipy.stats import norm

#: Fewest random relabellings behind a p-value.
_LEAST_RESAMPLES: Final = 1999


@dataclass(frozen=True)
class Limits:
    """From which size on a significant difference is drift.

    ``alpha`` bounds the chance of any false alarm of one run, all its tests together. With many
    tickets trifles are significant, so each kind has a smallest size too: ``auc`` of the
    classifier that tells the files apart (0.5 can't, 1 always), ``share_points`` by which a
    label's share moves, and ``confidence_points`` by which the share of answers below some
    confidence moves, both in percentage points.
    """

    alpha: float = 0.01
    auc: float = 0.55
    share_points: float = 3.0
    confidence_points: float = 5.0

    def as_json(self) -> dict[str, float]:
        """Return plain data for JSON."""
        return asdict(self)


def resamples(alpha: float, tests: int) -> int:
    """Return how many relabellings let one of ``tests`` p-values reach its part of alpha."""
    return max(_LEAST_RESAMPLES, ceil(2 * tests / alpha))


def holm_levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """Return the level at which each p-value is judged, so that all together err at most alpha.

    Holm, Scandinavian Journal of Statistics 1979: the smallest of m is judged at alpha / m, the
    next at alpha / (m - 1), and so on until one fails. It and those behind it get 0: not
    significant. The guarantee needs no independence.
    """
    levels = [0.0] * len(p_values)
    for rank, i in enumerate(np.argsort(p_values, kind="stable")):
        level = alpha / (len(p_values) - rank)
        if p_values[i] > level:
            break
        levels[i] = level
    return levels


def smallest_move(counts: Sequence[int], limits: Limits, tests: int) -> float:
    """Return which move of a label that has a fifth of the tickets is found four times in five.

    In percentage points, at the strictest level of ``tests`` and with ``counts`` tickets in each
    file (normal approximation). What moves less may stay unseen.
    """
    error = float(np.sqrt(0.2 * 0.8 * sum(1 / n for n in counts)))
    return 100 * error * float(norm.isf(limits.alpha / tests / 2) + norm.isf(0.2))

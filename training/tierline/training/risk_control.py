"""Conformal risk control: a threshold that keeps the expected share of misses below a target.

Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk Control" (arXiv:2208.02814). For a
loss between 0 and 1 that can only fall as the threshold falls, the largest threshold λ with
``n / (n + 1) · R(λ) + 1 / (n + 1) ≤ α`` keeps the expected loss of the next exchangeable ticket
at or below α; R is the mean loss of n calibration tickets.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta


@dataclass(frozen=True)
class Controlled:
    """A threshold in [0, 1], and the calibration tickets that it misses."""

    threshold: float
    misses: int


def control(
    scores: NDArray[np.float64], caught: NDArray[np.bool_], alpha: float
) -> Controlled | None:
    """Return the largest threshold whose expected miss rate is at most ``alpha``.

    A ticket is missed when its score is below the threshold and nothing else catches it.
    ``scores`` (n,) lie in [0, 1] and ``caught`` (n,) says which tickets are caught anyway; both
    are of tickets that must not be missed. None when n is too small for any promise at
    ``alpha`` (see `lacking`).
    """
    allowed = math.floor(alpha * (len(scores) + 1) - 1 + 1e-9)
    if allowed < 0:
        return None
    alone = np.sort(scores[~caught])
    threshold = float(alone[allowed]) if len(alone) > allowed else 1.0
    return Controlled(threshold, int((alone < threshold).sum()))


def lacking(count: int, alpha: float) -> int:
    """Return how many more calibration tickets the smallest promise at ``alpha`` needs."""
    return max(0, math.ceil(1 / alpha - 1 - 1e-9) - count)


def upper_bound(misses: int, count: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided upper bound of a miss rate (Clopper and Pearson, 1934).

    With at least ``confidence``, the true rate is no higher. The ``count`` tickets must not
    have been used to choose the threshold. 1.0 when there are none.
    """
    if misses >= count:
        return 1.0
    return float(beta.ppf(confidence, misses + 1, count - misses))

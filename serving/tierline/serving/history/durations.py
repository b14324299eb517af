"""Lengths of time of which some still run, and their quantiles."""

from array import array
from typing import Any

import numpy as np

_HOUR = 3600


class Durations:
    """Lengths in seconds; one that still runs is only known to be longer."""

    def __init__(self) -> None:
        self._seconds = array("q")
        self._ended = array("b")

    def __len__(self) -> int:
        return len(self._seconds)

    def add(self, seconds: int, ended: bool = True) -> None:
        """Add one length; ``ended`` is false while it still runs."""
        self._seconds.append(seconds)
        self._ended.append(ended)

    @property
    def total(self) -> int:
        """The sum, in seconds."""
        return sum(self._seconds)

    def quantile(self, share: float) -> float | None:
        """Return the seconds after which a ``share`` of all had ended.

        By the product-limit estimate (Kaplan and Meier 1958,
        doi.org/10.1080/01621459.1958.10501452), which doesn't take a length that still runs for
        a short one; where none runs it is the empirical quantile. None when too many still run.
        """
        if not self._seconds:
            return None
        seconds = np.frombuffer(self._seconds, dtype=np.int64)  # (N,)
        ended = np.frombuffer(self._ended, dtype=np.int8)
        times, at = np.unique(seconds, return_inverse=True)  # (T,), (N,)
        ends = np.bincount(at, weights=ended, minlength=len(times))
        left = len(seconds) - np.concatenate([[0], np.cumsum(np.bincount(at))[:-1]])
        still = np.cumprod(1 - ends / left)
        reached = np.flatnonzero(still <= 1 - share + 1e-9)
        return float(times[reached[0]]) if reached.size else None

    def as_json(self) -> dict[str, Any]:
        """Return the count, how many still run, the median and the 90th percentile in hours."""
        return {
            "count": len(self),
            "running": len(self) - sum(self._ended),
            "median_hours": hours(self.quantile(0.5)),
            "p90_hours": hours(self.quantile(0.9)),
        }


def hours(seconds: float | None) -> float | None:
    """Return seconds as hours, rounded to a hundredth."""
    return None if seconds is None else round(seconds / _HOUR, 2)

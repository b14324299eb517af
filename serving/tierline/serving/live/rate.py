"""How many tickets each caller may send: token buckets, one per caller known beforehand."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass
class _Bucket:
    left: float
    at: float


class RateLimiter:
    """Lets every caller send ``rate`` tickets per second on average, and ``burst`` at once.

    A request is let in while anything is left, whatever its size, and what it holds is taken
    then: a large one has its caller wait longer afterwards, so that the mean holds.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def wait(self, caller: Hashable) -> float:
        """Return in how many seconds the caller's next request is let in, 0 for now."""
        return max(0.0, (1 - self._filled(caller).left) / self._rate)

    def take(self, caller: Hashable, tickets: int = 1) -> None:
        """Count tickets that a caller has sent."""
        self._filled(caller).left -= tickets

    def _filled(self, caller: Hashable) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self._burst, now))
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket

"""What one step of a load test found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

OK: Final = 200
REFUSED: Final = 429
#: Stands for a request that got no answer at all.
NO_ANSWER: Final = 0
_PERCENTILES: Final = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
Loop = Literal["closed", "open"]


@dataclass
class Step:
    """One load, held for a while.

    ``load`` is how many callers wait for their answers and ask again (``closed``), or how many
    tickets arrive per second whatever becomes of them (``open``). ``latencies`` are the accepted
    requests' seconds; in the open loop from when a request was due, not from when it was sent, so
    that a server that stalls can't hide it. ``memory`` is the server's resident bytes at the end.
    """

    loop: Loop
    load: float
    tickets_per_request: int
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    memory: float | None = None

    def note(self, status: int, latency: float) -> None:
        """Take one request's outcome."""
        self.statuses[status] += 1
        if status == OK:
            self.latencies.append(latency)

    @property
    def requests(self) -> int:
        """Requests that were sent, whatever became of them."""
        return sum(self.statuses.values())

    @property
    def throughput(self) -> float:
        """Tickets answered per second."""
        return self.statuses[OK] * self.tickets_per_request / self.seconds

    @property
    def errors(self) -> int:
        """Requests with neither an answer nor 429."""
        return self.requests - self.statuses[OK] - self.statuses[REFUSED]

    def percentile(self, share: float) -> float | None:
        """Return the latency in seconds that this share (0 to 1) of accepted requests kept."""
        return float(np.quantile(self.latencies, share)) if self.latencies else None

    def as_json(self) -> dict[str, Any]:
        """Return plain data, latencies in milliseconds."""
        return {
            "loop": self.loop,
            "load": round(self.load, 3),
            "tickets_per_request": self.tickets_per_request,
            "seconds": round(self.seconds, 3),
            "requests": self.requests,
            "answered": self.statuses[OK],
            "refused_429": self.statuses[REFUSED],
            "errors": self.errors,
            "statuses": {str(code): count for code, count in sorted(self.statuses.items())},
            "tickets_per_second": round(self.throughput, 3),
            **{name: self._milliseconds(share) for name, share in _PERCENTILES.items()},
            "memory_bytes": self.memory,
        }

    def _milliseconds(self, share: float) -> float | None:
        found = self.percentile(share)
        return None if found is None else round(found * 1000, 3)


def best_throughput(steps: Sequence[Step]) -> float:
    """Return the most tickets per second that a closed loop got."""
    return max((step.throughput for step in steps if step.loop == "closed"), default=0.0)

"""The gate before the queue: who is let in, and when to come again."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tierline.serving.live.limits import Limits

#: Weight of the last ticket in the running mean of the time that one takes.
_NEWS: Final = 0.05
_LONGEST_RETRY: Final = 60


class Overloaded(Exception):  # noqa: N818 (no error of ours: the caller is asked to come again)
    """The queue is full; ``retry_after`` is in how many whole seconds it should have room."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the queue is full; room is expected in {retry_after} s")
        self.retry_after = retry_after


class Gate:
    """Counts what is inside; for the event loop's thread only.

    Every request has at most one ticket per thread in the threads' queue, whatever its size, so
    the next ticket waits for the requests before it and not for all of their tickets.
    ``changed`` is told how many tickets wait.
    """

    def __init__(
        self, limits: Limits, threads: int, changed: Callable[[int], None] = lambda waiting: None
    ) -> None:
        self._limits, self._threads, self._changed = limits, threads, changed
        self._tickets = self._queued = 0
        self._seconds: float | None = None

    @property
    def waiting(self) -> int:
        """How many tickets are inside that no thread works on yet."""
        return max(0, self._tickets - self._threads)

    @property
    def idle(self) -> bool:
        """Whether a thread has nothing to do."""
        return self._tickets < self._threads

    @property
    def expected_wait(self) -> float:
        """Seconds until a thread is free for the next request, by the time that a ticket takes."""
        before = max(0, self._queued + 1 - self._threads)
        return before * (self._seconds or 0.0) / self._threads

    @contextmanager
    def admit(self, tickets: int) -> Iterator[None]:
        """Let a request in until the context ends.

        Raises:
            Overloaded: when it would wait among too many, or for too long.
        """
        if self.waiting and (
            self.waiting + tickets > self._limits.waiting or self.expected_wait > self._limits.wait
        ):
            raise Overloaded(self._retry_after(tickets))
        queued = min(tickets, self._threads)
        self._move(tickets, queued)
        try:
            yield
        finally:
            self._move(-tickets, -queued)

    def took(self, seconds: float) -> None:
        """Learn how long a thread worked on one ticket."""
        known = seconds if self._seconds is None else self._seconds
        self._seconds = known + _NEWS * (seconds - known)

    def _move(self, tickets: int, queued: int) -> None:
        self._tickets += tickets
        self._queued += queued
        self._changed(self.waiting)

    def _retry_after(self, tickets: int) -> int:
        """Return in how many seconds the tickets that are too many should be done."""
        too_many = max(self.waiting + tickets - self._limits.waiting, self.waiting / 2)
        seconds = too_many * (self._seconds or 0.0) / self._threads
        return min(_LONGEST_RETRY, max(1, math.ceil(seconds)))

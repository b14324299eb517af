"""What a training costs: seconds, CPU seconds, memory, and how soon which score was reached."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_KIB: Final = 1024
_STATUS: Final = Path("/proc/self/status")
#: What the memory figure means, for the reader of a table.
MEMORY: Final = (
    "Peak MiB is the most memory of a cell's own process: libraries, data, training, answering."
)


class Stopwatch:
    """Runs while a method trains.

    ``seconds`` and ``cpu_seconds`` count only what is inside `training` and outside `paused`.
    ``curve`` holds (seconds, CPU seconds, validation macro-F1, the mean over ``heads``). A method
    that trains head after head has no mean before its last head has a score.
    """

    def __init__(self, heads: Sequence[str], progress: Callable[[float], None]) -> None:
        self.heads = tuple(heads)
        self.progress = progress
        self.curve: list[tuple[float, float, float]] = []
        self._scores: dict[str, float] = {}
        self._spent, self._cpu_spent = 0.0, 0.0
        self._started: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._spent + (now()[0] - self._started[0] if self._started else 0.0)

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processor time in training so far, all threads together."""
        return self._cpu_spent + (now()[1] - self._started[1] if self._started else 0.0)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Count the time of the block; several blocks add up."""
        self._started = now()
        try:
            yield
        finally:
            self._stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the block's time out: measuring that the method itself doesn't need."""
        running = self._started is not None
        self._stop()
        try:
            yield
        finally:
            if running:
                self._started = now()

    def note(self, scores: Mapping[str, float], more: tuple[float, float] = (0.0, 0.0)) -> None:
        """Note heads' validation scores, reached now and ``more`` seconds (and of CPU) later."""
        self._scores |= scores
        if self.heads and all(name in self._scores for name in self.heads):
            mean = sum(self._scores[name] for name in self.heads) / len(self.heads)
            self.curve.append((self.seconds + more[0], self.cpu_seconds + more[1], mean))

    def _stop(self) -> None:
        self._spent, self._cpu_spent, self._started = self.seconds, self.cpu_seconds, None


def peak_mebibytes() -> float:
    """Return the most memory that this process has held so far, in MiB.

    Linux hands a parent's peak down to its child in ``ru_maxrss``; the peak of the process's own
    memory stands in its status file.
    """
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        own = next((line for line in lines if line.startswith("VmHWM:")), None)
        if own is not None:
            return int(own.split()[1]) / _KIB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (_KIB * _KIB if sys.platform == "darwin" else _KIB)


def now() -> tuple[float, float]:
    """Return seconds by the wall clock and of processor time; only differences mean something."""
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return time.perf_counter(), cpu

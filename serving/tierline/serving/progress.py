"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

import time
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY_SECONDS: Final = 10.0


class ShareProgress:
    """Shows the share of a job that is done; use it as a context manager."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._started = self._last_line = time.monotonic()
        #: When work was first told of, and how much was done then: what was before isn't its pace.
        self._first: tuple[float, float] | None = None
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task(title, total=1.0, note="")

    def __enter__(self) -> "ShareProgress":
        if self._bar is not None:
            self._bar.start()
        else:
            self._console.print(f"{self._title} …", markup=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self._started

    def update(self, share: float, note: str = "") -> None:
        """Say that ``share`` (0 to 1) is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=share, note=note)
            return
        now = time.monotonic()
        began, done = self._first = self._first or (now, share)
        if now - self._last_line >= _LINE_EVERY_SECONDS:
            self._last_line = now
            text = " ".join(filter(None, (f"{self._title}: {share:.0%}", note)))
            if share > done:
                left = (now - began) / (share - done) * (1 - share)
                text += f", about {left:.0f} s left"
            self._console.print(text, highlight=False, markup=False)

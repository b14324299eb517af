"""A log's events by ticket, in the order they happened, however large and mixed the file.

The events wait in a private file that SQLite deletes itself, so that memory holds one ticket at
a time.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from types import TracebackType
from typing import Final

from tierline.serving.history.events import Event

_COLUMNS: Final = ", ".join(f'"{name}"' for name in Event._fields)
_TABLE: Final = f"CREATE TABLE events ({_COLUMNS})"
_INSERT: Final = f"INSERT INTO events VALUES ({', '.join('?' * len(Event._fields))})"  # noqa: S608
_BATCH: Final = 4096


@dataclass
class Flaws:
    """What was wrong with events that are used all the same, in counts.

    ``duplicates`` were dropped. ``set_back`` are events whose time is before that of an event
    they follow, by the log's own order or else by their place in the file.
    """

    duplicates: int = 0
    set_back: int = 0


class EventLog:
    """Collects events, then yields them ticket by ticket; use it as a context manager."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute(_TABLE)
        self._waiting: list[Event] = []
        self.count = 0
        self.first, self.last = 0, 0
        #: Whether any event tells that a ticket has ended; whoever adds events says so.
        self.tells_ends = False

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._db.close()

    def add(self, event: Event) -> None:
        """Add one event, in the order of the file."""
        self.first = min(self.first, event.at) if self.count else event.at
        self.last = max(self.last, event.at)
        self.count += 1
        self._waiting.append(event)
        if len(self._waiting) == _BATCH:
            self._write()

    def _write(self) -> None:
        self._db.executemany(_INSERT, self._waiting)
        self._waiting.clear()

    def tickets(self, flaws: Flaws) -> Iterator[list[Event]]:
        """Yield the events of every ticket, in order; ``flaws`` is added to."""
        self._write()
        rows = self._db.execute("SELECT * FROM events ORDER BY ticket, rowid")
        for _, group in groupby(rows, key=itemgetter(0)):
            yield in_order((Event(*row) for row in group), flaws)


def in_order(events: Iterable[Event], flaws: Flaws) -> list[Event]:
    """Return one ticket's events as they happened, each once.

    Where every event has an ``order``, that counts and a time that runs back is set to the one
    before it; else the times count, and equal times keep their place in the file.
    """
    found = list(events)
    once = list(dict.fromkeys(found))
    flaws.duplicates += len(found) - len(once)
    if any(event.order is None for event in once):
        flaws.set_back += sum(b.at < a.at for a, b in pairwise(once))
        return sorted(once, key=lambda event: event.at)
    once.sort(key=lambda event: (event.order, event.at))
    for i in range(1, len(once)):
        if once[i].at < once[i - 1].at:
            flaws.set_back += 1
            once[i] = once[i]._replace(at=once[i - 1].at)
    return once

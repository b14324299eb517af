"""Severities that people stated: a ticket's last one counts, until its decision is erased.

They stand in the decisions in which they were stated. Decisions are written in the background, so
what was stated here and may not be written yet is known beside.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tierline.serving.store.schema import decisions


class Stated(NamedTuple):
    """A severity with when it was stated, by the decision's clock, and the decision's id."""

    at: datetime
    decision: str
    severity: str


def find(connection: Connection, ticket_keys: Collection[str]) -> dict[str, Stated]:
    """Return the last severity of those of the tickets for which one was stated."""
    columns = decisions.c
    last = (columns.decided_at.desc(), columns.id.desc())
    place = func.row_number().over(partition_by=columns.ticket_key, order_by=last)
    stated = (
        select(
            columns.ticket_key,
            columns.decided_at,
            columns.id,
            columns.stated_severity,
            place.label("place"),
        )
        .where(columns.ticket_key.in_(ticket_keys), columns.stated_severity.is_not(None))
        .subquery()
    )
    rows = connection.execute(select(stated).where(stated.c.place == 1))
    return {r.ticket_key: Stated(r.decided_at, r.id, r.stated_severity) for r in rows}


class Severities:
    """The last severities that were seen or told here, by the ticket's hash."""

    def __init__(self) -> None:
        self._last: dict[str, Stated] = {}
        self._told: dict[str, Stated] = {}
        self._lock = threading.Lock()

    def tell(self, key: str, stated: Stated) -> None:
        """Take one that was handed to the writer."""
        with self._lock:
            self._last[key] = max(stated, self._last.get(key, stated))
            self._told[key] = self._last[key]

    def of(self, keys: Collection[str]) -> dict[str, str]:
        """Return what is known of the tickets."""
        with self._lock:  # whoever refreshes takes one out for a moment
            return {key: found.severity for key in keys if (found := self._last.get(key))}

    def refresh(
        self,
        keys: Collection[str],
        all_written: Callable[[], bool],
        read: Callable[[], Mapping[str, Stated]],
    ) -> None:
        """Take what the store says; what was told here and may not be there yet stays."""
        before = {key: self._last.get(key) for key in keys}
        written, found = all_written(), read()
        with self._lock:
            for key, seen in before.items():
                known = self._last.pop(key, None)
                if known is seen and (written or known is not self._told.get(key)):
                    known = None  # as the store has it, or erased there
                if written and self._told.get(key) is seen:
                    self._told.pop(key, None)
                if (last := max(filter(None, (known, found.get(key))), default=None)) is not None:
                    self._last[key] = last

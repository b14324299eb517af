"""Whose decisions were erased lately: servers and spools may still hold some of them.

A mark is a keyed hash of a ticket's or customer's hash, so that marks match no export. Writers
of decisions and an erasure take turns: a decision is written before, and erased, or skipped.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select

from tierline.serving.store.pseudonyms import Pseudonyms
from tierline.serving.store.schema import (
    Values,
    decisions,
    erased,
    feedback,
    handoffs,
    locks,
    outcomes,
)
from tierline.serving.store.upsert import insert_of

#: For how long what somebody still holds is known to be erased.
REMEMBERED: Final = timedelta(days=30)
_RECORDED: Final = "recorded_at"
_KEYS: Final = ("ticket_key", "customer_key")
_DATED: Final = {
    decisions: decisions.c.decided_at,
    feedback: feedback.c.received_at,
    locks: locks.c.locked_at,
    outcomes: outcomes.c.received_at,
    handoffs: handoffs.c.made_at,
}


def exclude_writers(connection: Connection) -> None:
    """Wait for who writes decisions or erases; have others wait until the transaction ends."""
    _lock(connection, "EXCLUSIVE")


def forget_old(connection: Connection, now: datetime) -> None:
    """Forget marks that nobody holds anything of any more, by the machine's clock."""
    connection.execute(delete(erased).where(erased.c.erased_at < now - REMEMBERED))


def add(
    connection: Connection, pseudonyms: Pseudonyms, keys: Collection[str], at: datetime
) -> None:
    """Remember the tickets' or customers' hashes as erased up to a moment of the store."""
    if not keys:
        return
    statement = insert_of(connection, erased)
    latest = {"erased_at": statement.excluded.erased_at}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["mark"], set_=latest),
        [{"mark": _mark(pseudonyms, key), "erased_at": at} for key in sorted(keys)],
    )


def without(connection: Connection, pseudonyms: Pseudonyms, rows: Sequence[Values]) -> list[Values]:
    """Return the decisions' rows, without ``recorded_at``, that weren't erased since.

    Where only an erased decision said that a ticket is the customer's, the rest of it goes too.
    """
    _lock(connection, "ROW SHARE")
    marks = {
        key: _mark(pseudonyms, key) for row in rows for name in _KEYS if (key := row.get(name))
    }
    query = select(erased.c.mark, erased.c.erased_at).where(erased.c.mark.in_(marks.values()))
    times = {row.mark: row.erased_at for row in connection.execute(query)}
    kept, rest = [], {}
    for row in rows:
        values = {name: value for name, value in row.items() if name != _RECORDED}
        at = _erased_at(row, times, marks)
        if at is None:
            kept.append(values)
        elif key := row.get("ticket_key"):
            rest[key] = at
    for key, at in sorted(rest.items()):
        _erase_rest(connection, key, at)
    return kept


def _erased_at(
    row: Values, times: Mapping[str, datetime], marks: Mapping[str, str]
) -> datetime | None:
    """Return when a decision was erased after it was recorded, None where it wasn't."""
    # Spools of before the time was kept have the decision's clock.
    recorded = datetime.fromisoformat(row[_RECORDED if _RECORDED in row else "clock"])
    found = (times.get(marks.get(row.get(name, ""), "")) for name in _KEYS)
    return max((at for at in found if at is not None and at >= recorded), default=None)


def _erase_rest(connection: Connection, ticket_key: str, at: datetime) -> None:
    for table, made in _DATED.items():
        connection.execute(delete(table).where(table.c.ticket_key == ticket_key, made <= at))


def _lock(connection: Connection, mode: str) -> None:
    # SQLite has one writer at a time.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {erased.name} IN {mode} MODE")


def _mark(pseudonyms: Pseudonyms, key: str) -> str:
    return pseudonyms.of("erased", key)

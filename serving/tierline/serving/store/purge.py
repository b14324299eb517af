"""Retention and erasure: rows go from every table, from the spool, and from SQLite's files.

What a database deletes stays on its pages for a while. SQLite overwrites it (``secure_delete``),
and its log is emptied and the file written anew. PostgreSQL's tables are written anew; its own
log and backups keep the rows for as long as they are kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, or_, select

from tierline.data.errors import StoreError
from tierline.serving.store import erased, moments
from tierline.serving.store.engine import Database
from tierline.serving.store.pseudonyms import Pseudonyms
from tierline.serving.store.remembered import Json, decided_at
from tierline.serving.store.schema import decisions, feedback, handoffs, locks, outcomes, policies
from tierline.serving.store.spool import Spool

#: What people told of tickets, under the ticket's hash.
_BESIDE: Final = (locks, outcomes, handoffs)
#: Hashes in one statement: databases take 32,766 or more parameters.
_MOST_KEYS: Final = 10_000
#: An erasure under a clock that is behind comes so long after the latest moment: servers may hold
#: decisions of up to then. Each of them reads it before it decides again.
_HELD: Final = timedelta(seconds=3)
Conditions = dict[Table, ColumnElement[bool]]


@dataclass(frozen=True)
class Doomed:
    """What has to go: everything of a ticket, of a customer, or before an instant.

    Locks of old tickets stay in force: they hold no words, and people have the last word. They,
    hand-offs and outcomes keep the customer's hash, so that they are found as the customer's.
    """

    ticket: str | None = None
    customer: str | None = None
    before: datetime | None = None


def purge(
    database: Database, spool: Spool, pseudonyms: Pseudonyms, doomed: Doomed
) -> dict[str, int]:
    """Delete what is doomed; return how many rows went from which table, the spool included.

    The spool comes first: a line that is written to the store meanwhile is found there. What
    somebody still holds of a ticket or customer isn't written later (`erased`).

    Raises:
        StoreError: when the store is away, or something still holds the old pages.
    """
    keys = _ticket_keys(database, pseudonyms, doomed)
    whose: dict[str, str] = {}
    counts = {"spool": spool.erase(_line_test(pseudonyms, doomed, keys, whose))}
    with database.writing() as connection:
        erased.exclude_writers(connection)
        keys |= _keys_of(connection, pseudonyms, doomed)
        if doomed.before is not None:
            _keep_customers(connection, whose)
        for some in _in_steps(keys):
            for table, condition in _conditions(pseudonyms, doomed, some).items():
                gone = connection.execute(delete(table).where(condition)).rowcount
                counts[table.name] = counts.get(table.name, 0) + gone
        _drop_policies(database, connection)
        marked = keys | ({pseudonyms.customer(doomed.customer)} if doomed.customer else set())
        _mark(connection, pseudonyms, marked)
    _wipe(database)
    return counts


def _mark(connection: Connection, pseudonyms: Pseudonyms, marked: set[str]) -> None:
    clock = moments.Moments()
    clock.see(moments.latest(connection))
    at = clock.take(_HELD)
    erased.forget_old(connection, at.machine)
    if marked:
        erased.add(connection, pseudonyms, marked, at.order)
        moments.keep(connection, at.order)


def _ticket_keys(database: Database, pseudonyms: Pseudonyms, doomed: Doomed) -> set[str]:
    with database.reading() as connection:
        return _keys_of(connection, pseudonyms, doomed)


def _keys_of(connection: Connection, pseudonyms: Pseudonyms, doomed: Doomed) -> set[str]:
    """Return the hashes of the ticket, or of all the customer's tickets that are known."""
    if doomed.ticket is not None:
        return {pseudonyms.ticket(doomed.ticket)}
    if doomed.customer is None:
        return set()
    key = pseudonyms.customer(doomed.customer)
    found: set[str] = set()
    for table in (decisions, feedback, *_BESIDE):
        query = select(table.c.ticket_key).where(table.c.customer_key == key)
        found |= {name for name in connection.scalars(query) if name is not None}
    return found


def _in_steps(keys: set[str]) -> Iterator[set[str]]:
    """Yield the hashes, few enough at a time for one statement; no hashes once."""
    ordered = sorted(keys)
    for start in range(0, max(1, len(ordered)), _MOST_KEYS):
        yield set(ordered[start : start + _MOST_KEYS])


def _keep_customers(connection: Connection, spooled: dict[str, str]) -> None:
    """Tell rows that stay whose they are: only the decisions and corrections say it so far.

    ``spooled`` is what erased lines of the spool said: customers by ticket.
    """
    for table in _BESIDE:
        unknown = table.c.customer_key.is_(None)
        for source in (decisions, feedback):
            of_ticket = (
                source.c.ticket_key == table.c.ticket_key,
                source.c.customer_key.is_not(None),
            )
            whose = select(func.min(source.c.customer_key)).where(*of_ticket).scalar_subquery()
            connection.execute(table.update().where(unknown).values(customer_key=whose))
        if spooled:
            here = table.update().where(unknown, table.c.ticket_key == bindparam("ticket"))
            told = [{"ticket": key, "customer": spooled[key]} for key in sorted(spooled)]
            connection.execute(here.values(customer_key=bindparam("customer")), told)


def _drop_policies(database: Database, connection: Connection) -> None:
    """Drop policies that no decision names: their exclusions may name customers."""
    if not database.is_sqlite:
        # A decision that is being written may name a policy that it found here.
        connection.exec_driver_sql("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE")
    named = select(decisions.c.policy_version)
    connection.execute(delete(policies).where(policies.c.version.not_in(named)))


def _conditions(pseudonyms: Pseudonyms, doomed: Doomed, keys: set[str]) -> Conditions:
    if doomed.before is not None:
        return {
            decisions: decisions.c.decided_at < doomed.before,
            feedback: feedback.c.received_at < doomed.before,
            outcomes: outcomes.c.received_at < doomed.before,
            handoffs: handoffs.c.made_at < doomed.before,
        }
    conditions: Conditions = {t: t.c.ticket_key.in_(keys) for t in _BESIDE}
    for table in (decisions, feedback):
        whose: list[ColumnElement[bool]] = [table.c.ticket_key.in_(keys)]
        if doomed.customer is not None:
            whose.append(table.c.customer_key == pseudonyms.customer(doomed.customer))
        conditions[table] = or_(*whose)
    return conditions


def _line_test(
    pseudonyms: Pseudonyms, doomed: Doomed, keys: set[str], whose: dict[str, str]
) -> Callable[[Json], bool]:
    """Return the test that spooled decisions fail; their ids may be hashed already or not.

    Tickets that only the spool knows as the customer's are added to ``keys``; the customers of
    old lines' tickets are put down in ``whose``, by ticket.
    """

    def key(item: Json, kind: str) -> Any:
        given = item.get("ticket_id" if kind == "ticket" else kind)
        return pseudonyms.of(kind, given) if given is not None else item.get(f"{kind}_key")

    def test(item: Json) -> bool:
        if item["kind"] != decisions.name:
            return False
        ticket, customer = key(item, "ticket"), key(item, "customer")
        if doomed.before is not None:
            old = decided_at(item) < doomed.before
            if old and ticket is not None and customer is not None:
                whose[ticket] = customer
            return old
        if doomed.customer is None or customer != pseudonyms.customer(doomed.customer):
            return ticket in keys
        if ticket is not None:
            keys.add(ticket)
        return True

    return test


def _wipe(database: Database) -> None:
    with database.apart() as connection:
        if not database.is_sqlite:
            for table in (decisions, feedback, *_BESIDE, policies):
                connection.exec_driver_sql(f"VACUUM FULL {table.name}")
            return
        connection.exec_driver_sql("VACUUM")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    if busy:
        raise StoreError(
            f"store {database.shown}: the rows are deleted, but another program still reads the "
            "log that held them. Give the same command again when it is done"
        )

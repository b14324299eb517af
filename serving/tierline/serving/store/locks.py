"""Where people placed tickets: Tierline advises on them and never moves them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from tierline.serving.store.forms import Lock
from tierline.serving.store.schema import locks
from tierline.serving.store.upsert import insert_of


def put(
    connection: Connection, ticket_key: str, tier: int, team: str | None, now: datetime
) -> Lock:
    """Lock a ticket at a tier, with a team where one is named; it replaces the lock before."""
    lock = Lock(tier=tier, team=team, locked_at=now)
    row = lock.model_dump()
    statement = insert_of(connection, locks).values(row | {"ticket_key": ticket_key})
    changed = {name: statement.excluded[name] for name in row}
    connection.execute(statement.on_conflict_do_update(index_elements=["ticket_key"], set_=changed))
    return lock


def remove(connection: Connection, ticket_key: str) -> bool:
    """Give a ticket back to Tierline; return whether it was locked."""
    return connection.execute(locks.delete().where(locks.c.ticket_key == ticket_key)).rowcount > 0


def find(connection: Connection, ticket_keys: Collection[str]) -> dict[str, Lock]:
    """Return the locks of those of the tickets that have one."""
    rows = connection.execute(select(locks).where(locks.c.ticket_key.in_(ticket_keys)))
    return {
        row.ticket_key: Lock(tier=row.tier, team=row.team, locked_at=row.locked_at) for row in rows
    }

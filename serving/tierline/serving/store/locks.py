"""Where people placed tickets: Tierline advises on them and never moves them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from tierline.serving.store.forms import Lock
from tierline.serving.store.schema import locks


def put(connection: Connection, ticket_key: str, tier: int, now: datetime) -> Lock:
    """Lock a ticket at a tier; a new lock replaces the one before."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"ticket_key": ticket_key, "tier": tier, "locked_at": now}
    statement = dialect.insert(locks).values(row)
    changed = {name: statement.excluded[name] for name in ("tier", "locked_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["ticket_key"], set_=changed))
    return Lock(tier=tier, locked_at=now)


def remove(connection: Connection, ticket_key: str) -> bool:
    """Give a ticket back to Tierline; return whether it was locked."""
    return connection.execute(locks.delete().where(locks.c.ticket_key == ticket_key)).rowcount > 0


def find(connection: Connection, ticket_keys: Collection[str]) -> dict[str, Lock]:
    """Return the locks of those of the tickets that have one."""
    rows = connection.execute(select(locks).where(locks.c.ticket_key.in_(ticket_keys)))
    return {row.ticket_key: Lock(tier=row.tier, locked_at=row.locked_at) for row in rows}

"""What became of tickets: when and by which tier they were resolved, reopened, how it was liked."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func

from tierline.serving.store.forms import OutcomeForm
from tierline.serving.store.schema import outcomes
from tierline.serving.store.upsert import insert_of

_KNOWN: Final = ("resolved_at", "resolved_tier", "reopened", "csat")


def put(connection: Connection, ticket_key: str, outcome: OutcomeForm, now: datetime) -> None:
    """Store an outcome; of a ticket that has one, the fields that are given change."""
    row = outcome.model_dump(exclude={"ticket"}) | {"ticket_key": ticket_key, "received_at": now}
    statement = insert_of(connection, outcomes).values(row)
    changed = {n: func.coalesce(statement.excluded[n], outcomes.c[n]) for n in _KNOWN}
    changed["received_at"] = statement.excluded.received_at
    connection.execute(statement.on_conflict_do_update(index_elements=["ticket_key"], set_=changed))

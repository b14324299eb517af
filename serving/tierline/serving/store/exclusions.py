"""Standing orders by team: never route from one to another. They hold until they are removed."""

from datetime import datetime

from sqlalchemy import Connection, select

from tierline.serving.store.decisions import insert_new
from tierline.serving.store.forms import Exclusion
from tierline.serving.store.schema import exclusions


def put(connection: Connection, exclusion: Exclusion, now: datetime) -> None:
    """Store an exclusion; one that is there already stays as it is."""
    insert_new(connection, exclusions, [exclusion.model_dump() | {"since": now}])


def remove(connection: Connection, exclusion: Exclusion) -> bool:
    """Remove an exclusion; return whether there was one."""
    table = exclusions.c
    pair = (table.from_team == exclusion.from_team) & (table.to_team == exclusion.to_team)
    return connection.execute(exclusions.delete().where(pair)).rowcount > 0


def every(connection: Connection) -> list[Exclusion]:
    """Return all exclusions, in the order of their teams."""
    query = select(exclusions.c.from_team, exclusions.c.to_team)
    rows = connection.execute(query.order_by(exclusions.c.from_team, exclusions.c.to_team))
    return [Exclusion(from_team=row.from_team, to_team=row.to_team) for row in rows]

"""Where hand-offs stand: to whom each ticket went last, and which steps are done, by whom, when."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, null, select

from tierline.data.normalise import normalise
from tierline.data.redact import redact
from tierline.serving.handoff.making import may_be_done
from tierline.serving.handoff.packet import BY_CHARS, Done, Packet, Step
from tierline.serving.store.forms import Checklist
from tierline.serving.store.schema import Values, handoffs
from tierline.serving.store.upsert import insert_of

#: For a name of which redaction leaves nothing.
_NOBODY = "not named"


def put(
    connection: Connection, ticket_key: str, packet: Packet, done: Sequence[Done], now: datetime
) -> None:
    """Store that a packet was made, with steps that are done.

    Steps that were done before stay done, unless the ticket goes to another tier or team now, or
    they no longer count (see `may_be_done`).
    """
    row = dict.fromkeys(name for step in Step for name in _columns(step)) | _values(done, now)
    row |= {"tier": packet.tier, "team": packet.team, "made_at": now}
    row |= {"missing": [lack.what for lack in packet.missing]}
    statement = insert_of(connection, handoffs).values(row | {"ticket_key": ticket_key})
    new, table = statement.excluded, handoffs.c
    same: ColumnElement[bool] = and_(table.tier == new.tier, table.team == new.team)
    changed = {name: new[name] for name in row}
    changed |= {
        name: func.coalesce(new[name], case((same, table[name]), else_=null()))
        for step in Step
        if may_be_done(step, packet.missing)
        for name in _columns(step)
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["ticket_key"], set_=changed))


def set_done(connection: Connection, ticket_key: str, done: Done, now: datetime) -> None:
    """Store that a step of a ticket's last hand-off is done."""
    where = handoffs.c.ticket_key == ticket_key
    connection.execute(handoffs.update().where(where).values(_values([done], now)))


def find(connection: Connection, ticket_key: str) -> Checklist | None:
    """Return a ticket's last hand-off, None where it was never handed on."""
    query = select(handoffs).where(handoffs.c.ticket_key == ticket_key)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    kept = {name: row[name] for name in ("tier", "team", "made_at", "missing")}
    return Checklist.model_validate(kept | {"done": tuple(_done(row))})


def remove(connection: Connection, ticket_key: str) -> bool:
    """Forget a ticket's hand-off, so that the next begins anew; return whether there was one."""
    where = handoffs.c.ticket_key == ticket_key
    return connection.execute(handoffs.delete().where(where)).rowcount > 0


def _columns(step: Step) -> tuple[str, str]:
    return f"{step}_by", f"{step}_at"


def _values(done: Sequence[Done], now: datetime) -> Values:
    values: Values = {}
    for one in done:
        # Redacted words may be longer than what came in.
        values[f"{one.step}_by"] = redact(normalise(one.by))[:BY_CHARS].strip() or _NOBODY
        values[f"{one.step}_at"] = one.at or now
    return values


def _done(row: Any) -> Iterator[Done]:
    for step in Step:
        if row[f"{step}_at"] is not None:
            yield Done(step=step, by=row[f"{step}_by"], at=row[f"{step}_at"])

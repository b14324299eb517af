"""Decisions in the database: written once whatever comes twice, read one by one or in order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    func,
    literal,
    select,
    tuple_,
)

from tierline.data.errors import StoreError
from tierline.serving.helpdesk.deliveries import Past
from tierline.serving.policy import Policy
from tierline.serving.policy.load import policy_from
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.store import erased
from tierline.serving.store.pseudonyms import Pseudonyms
from tierline.serving.store.remembered import Json, decided_at
from tierline.serving.store.schema import Values, decisions, models, policies
from tierline.serving.store.upsert import insert_of

#: Versions before the decisions that name them.
_TABLES: Final = (policies, models, decisions)
_KEYS: Final = {policies.name: "version", models.name: "version", decisions.name: "id"}
_CHUNK: Final = 500


@dataclass(frozen=True)
class Stored:
    """One stored decision with what its policy's and model's versions stand for."""

    row: Values
    policy: Policy
    thresholds: dict[str, float]


def sealed(item: Json, pseudonyms: Pseudonyms | None) -> Json:
    """Return the item with hashes in place of ids, as far as the key is known."""
    if pseudonyms is None or "ticket_id" not in item:
        return item
    ticket, customer = item["ticket_id"], item["customer"]
    rest = {name: value for name, value in item.items() if name not in {"ticket_id", "customer"}}
    return rest | {
        "ticket_key": None if ticket is None else pseudonyms.ticket(ticket),
        "customer_key": None if customer is None else pseudonyms.customer(customer),
    }


def write(connection: Connection, items: Iterable[Json], pseudonyms: Pseudonyms) -> None:
    """Insert items (see `Remembered.items`); those that are there already stay as they are.

    Decisions that were erased since they were recorded are skipped.

    Rows go in the order of their keys, so that writers who bring the same rows can't wait for
    each other in a circle.
    """
    rows: dict[str, dict[str, Values]] = {table.name: {} for table in _TABLES}
    for item in items:
        values = dict(sealed(item, pseudonyms))
        kind = values.pop("kind")
        if kind == decisions.name:
            values.setdefault("stated_severity", None)  # not in spools of before it was kept
            values["decided_at"] = decided_at(values)
        rows[kind][values[_KEYS[kind]]] = values
    found = {kind: [row for _, row in sorted(of_kind.items())] for kind, of_kind in rows.items()}
    # Its lock comes before those of rows, as in an erasure: they can't wait for each other.
    found[decisions.name] = erased.without(connection, pseudonyms, found[decisions.name])
    # A policy may name customers in its exclusions: none comes for decisions that were erased.
    named = {row["policy_version"] for row in found[decisions.name]}
    found[policies.name] = [row for row in found[policies.name] if row["version"] in named]
    for table in _TABLES:
        if found[table.name]:
            insert_new(connection, table, found[table.name])


def insert_new(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert the rows whose primary key isn't there yet."""
    connection.execute(insert_of(connection, table).on_conflict_do_nothing(), rows)


class Archive:
    """Reads decisions on one connection; policies and models are read once per version."""

    def __init__(self, connection: Connection, pseudonyms: Pseudonyms) -> None:
        self._connection, self._pseudonyms = connection, pseudonyms
        self._policies: dict[str, Policy] = {}
        self._thresholds: dict[str | None, dict[str, float]] = {None: {}}

    def find(self, name: str) -> Stored:
        """Return a decision by its id, or the last one of a ticket by the ticket's id.

        Raises:
            StoreError: when there is none.
        """
        row = find_row(self._connection, name, self._pseudonyms)
        if row is None:
            raise StoreError(
                "expected the id of a stored decision, or of a ticket that has one; found "
                "neither. Decisions made while the store was away come when it is back"
            )
        return self._stored(row)

    def since(self, start: datetime) -> Iterator[list[Stored]]:
        """Yield the decisions from an instant on, the oldest first, some hundreds at a time."""
        at, name = decisions.c.decided_at, decisions.c.id
        query = select(decisions).where(at >= start).order_by(at, name).limit(_CHUNK)
        rows = self._rows(query)
        while rows:
            yield [self._stored(row) for row in rows]
            last = tuple_(literal(rows[-1]["decided_at"], at.type), literal(rows[-1]["id"]))
            rows = self._rows(query.where(tuple_(at, name) > last))

    def count_since(self, start: datetime) -> int:
        """Return how many decisions `since` yields."""
        query = select(func.count()).where(decisions.c.decided_at >= start)
        return int(self._connection.scalar(query) or 0)

    def _rows(self, query: Select[Any]) -> list[Values]:
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _stored(self, row: Values) -> Stored:
        policy, model = row["policy_version"], row["model_version"]
        if policy not in self._policies:
            content = self._value(policies.c.content, policies.c.version == policy)
            self._policies[policy] = policy_from(content, policy)
        if model not in self._thresholds:
            found = self._value(models.c.thresholds, models.c.version == model)
            self._thresholds[model] = found
        return Stored(row, self._policies[policy], self._thresholds[model])

    def _value(self, column: Column[Any], where: ColumnElement[bool]) -> Any:
        return self._connection.scalar(select(column).where(where))


def past(connection: Connection, name: str) -> Past | None:
    """Return a decision's answer, without the ticket's id, and its clock; None: there is none."""
    query = select(decisions.c.recommendation, decisions.c.clock).where(decisions.c.id == name)
    row = connection.execute(query).first()
    if row is None:
        return None
    answer = Recommendation.model_validate({"id": None, **row.recommendation})
    return Past(answer, datetime.fromisoformat(row.clock))


def find_row(connection: Connection, name: str, pseudonyms: Pseudonyms) -> Values | None:
    """Return the row of a decision by its id, else of the last one of a ticket by its id."""
    by_id = select(decisions).where(decisions.c.id == name.lower())
    by_ticket = (
        select(decisions)
        .where(decisions.c.ticket_key == pseudonyms.ticket(name))
        .order_by(decisions.c.decided_at.desc(), decisions.c.id.desc())
        .limit(1)
    )
    for query in (by_id, by_ticket):
        row = connection.execute(query).mappings().first()
        if row is not None:
            return dict(row)
    return None

"""A store of before: its locks have no team, and its exclusions call the barred team ``team``."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from tierline.serving.policy import Exclusion
from tierline.serving.routing.router import Decision, Router
from tierline.serving.store.decisions import insert_new, sealed
from tierline.serving.store.pseudonyms import make_key, read_key
from tierline.serving.store.remembered import Remembered
from tierline.serving.store.replay import replay
from tierline.serving.store.schema import metadata
from tierline.serving.store.setup import upgrade
from tierline.serving.store.store import Store
from tierline.serving.store.version import migrate
from tierline.serving.teams.exclusions import Exclusions

from ..fakes import CALM, NOW, policy_with
from .making import find, ticket

NEVER = Exclusion(to_team="general-support", channel="email")
POLICY = policy_with(exclusions=[NEVER.model_dump()])


def write_as_then(store: Store, made: Decision) -> None:
    """Write what today's tables have and those had, which no store of today does."""
    for item in Remembered.of(made, POLICY, NOW).items:
        row = sealed(item, store.pseudonyms())
        table = metadata.tables[row["kind"]]
        kept = {n: v for n, v in row.items() if n in table.c and n != "stated_severity"}
        if "clock" in row:
            kept["decided_at"] = datetime.fromisoformat(row["clock"])
        with store.database.writing() as connection:
            insert_new(connection, table, [kept])


def test_an_older_store_is_brought_up_to_date(url: str, tmp_path: Path) -> None:
    store = Store(url, tmp_path / "spool")
    if store.database.is_sqlite:
        store.database.create_file()
    migrate(store.database, "0002")
    orders = Exclusions((Exclusion(to_team="integrations", from_team="order-desk"),))
    asked = [ticket(CALM, id=f"T-{n}", channel="email") for n in range(3)]
    made = [*Router(POLICY).decide(asked[:2], NOW, orders), *Router(POLICY).decide(asked[2:], NOW)]
    with store.database.writing() as connection:
        make_key(connection)
        store._pseudonyms = read_key(connection)
        lock = text("INSERT INTO locks (ticket_key, tier, locked_at) VALUES ('x', 2, :at)")
        connection.execute(lock, {"at": datetime(2025, 3, 10, tzinfo=UTC)})
    for one in made:
        write_as_then(store, one)
    kind = "" if store.database.is_sqlite else "::json"
    with store.database.writing() as connection:
        for table, column in (("decisions", "exclusions"), ("policies", "content")):
            old = f"replace(CAST({column} AS TEXT), '\"to_team\"', '\"team\"')"
            connection.execute(text(f"UPDATE {table} SET {column} = ({old}){kind}"))  # noqa: S608
    upgrade(store.database)
    assert find(store, "T-0").row["exclusions"] == [
        {"to_team": "integrations", "from_team": "order-desk", "text": ""}
    ]
    assert find(store, "T-2").row["exclusions"] == []
    assert find(store, "T-0").policy == POLICY
    assert all(replay(find(store, f"T-{n}")).same for n in range(3))
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT tier, team FROM locks")).all() == [(2, None)]
    store.database.close()

"""The store on SQLite and PostgreSQL: written once, read back whole, refused when it isn't ours."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from tierline.data.errors import StoreError
from tierline.serving.store import decisions
from tierline.serving.store.engine import READ_SECONDS, Database, RowsRefusedError
from tierline.serving.store.replay import replay
from tierline.serving.store.schema import locks, metadata
from tierline.serving.store.setup import counts, make, upgrade
from tierline.serving.store.store import Store
from tierline.serving.store.version import migrate

from ..fakes import BREACH, MODEL, NOW, POLICY, policy_with, prediction, predictor
from .making import PERSONAL, find, record, rows, ticket


def test_a_decision_is_stored_and_replays(store: Store) -> None:
    of = ticket(BREACH, id="T-1", customer="C-1", order_value=0.1, created_at=NOW)
    (name,) = record(store, of, said=prediction(thresholds={"ambiguous": 0.05}))
    found = find(store, name)
    assert found.policy == POLICY
    assert found.thresholds == {"ambiguous": 0.05}
    assert found.row["decided_at"] == NOW
    assert "T-1" not in str(found.row)
    assert "C-1" not in str(found.row)
    made = replay(found)
    assert (made.same, made.notes, made.again.tier) == (True, (), 3)


def test_the_last_decision_of_a_ticket_is_found_by_its_id(store: Store) -> None:
    record(store, ticket(id="T-1"), now=NOW)
    (last,) = record(store, ticket(id="T-1"), now=NOW + timedelta(hours=1))
    record(store, ticket(id="T-2"), now=NOW + timedelta(hours=2))
    assert find(store, "T-1").row["id"] == last
    with pytest.raises(StoreError, match="expected the id of a stored decision"):
        find(store, "T-3")


def test_the_same_items_twice_are_stored_once(store: Store) -> None:
    record(store, ticket(id="T-1"))
    (row,) = rows(store).values()
    item = {
        k: v for k, v in row.items() if k not in {"decided_at", "ticket_key", "customer_key"}
    } | {"kind": "decisions", "ticket_id": "T-1", "customer": None, "body": "another"}
    with store.database.writing() as connection:
        decisions.write(connection, [item, item], store.pseudonyms())
    assert list(rows(store).values()) == [row]


def test_rows_that_break_the_tables_are_refused(store: Store) -> None:
    record(store, ticket(id="T-1"))
    with (
        pytest.raises(RowsRefusedError, match="refuses a row") as caught,
        store.database.writing() as connection,
    ):
        connection.execute(locks.insert(), {"ticket_key": PERSONAL, "tier": None})
    assert "7654321" not in str(caught.value)


def test_pages_come_in_order_and_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_CHUNK", 2)
    for hour in (2, 0, 1):  # three at each instant, so that pages end between equal ones
        record(store, *[ticket()] * 3, now=NOW + timedelta(hours=hour))
    with store.database.reading() as connection:
        archive = decisions.Archive(connection, store.pseudonyms())
        pages = list(archive.since(NOW + timedelta(hours=1)))
        assert archive.count_since(NOW) == 9
    found = [stored.row["decided_at"] for page in pages for stored in page]
    assert found == [NOW + timedelta(hours=hour) for hour in (1, 1, 1, 2, 2, 2)]


def test_dates_where_dates_end_are_stored(store: Store) -> None:
    ends = [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
    ids = [record(store, ticket(), now=end)[0] for end in ends]
    assert [find(store, name).row["decided_at"] for name in ids] == ends
    assert all(replay(find(store, name)).same for name in ids)


def test_a_record_that_was_altered_is_not_replayed(store: Store) -> None:
    (name,) = record(store, ticket())
    with store.database.writing() as connection:
        connection.execute(text("UPDATE decisions SET body = 'other words'"))
    with pytest.raises(StoreError, match="altered after it was written"):
        replay(find(store, name))


def test_an_answer_that_differs_is_told_by_field(store: Store) -> None:
    (name,) = record(store, ticket())
    found = find(store, name)
    found.row["recommendation"] = found.row["recommendation"] | {"tier": 4, "owner": "nobody"}
    made = replay(found)
    assert (made.same, made.differs) == (False, ("tier", "owner"))


def test_the_model_is_asked_again(store: Store) -> None:
    whole, cut = record(store, ticket(), ticket(PERSONAL))
    assert "asked again and says the same" in replay(find(store, whole), predictor()).notes[-1]
    other = replay(find(store, whole), predictor(lambda _: prediction("P1")))
    assert other.differs == ("prediction",)
    notes = replay(find(store, cut), predictor(lambda _: prediction("P1"))).notes
    assert "stored redacted: body" in notes[0]
    assert "wasn't asked again" in notes[-1]
    found = find(store, whole)
    found.row["model_version"] = "older"
    with pytest.raises(StoreError, match=f"expected older; found {MODEL}"):
        replay(found, predictor())


def test_each_policy_is_kept_by_version(store: Store) -> None:
    other = policy_with(name="other")
    names = [record(store, ticket(), policy=p)[0] for p in (POLICY, other)]
    assert [find(store, name).policy.version for name in names] == [POLICY.version, other.version]


def test_the_migrations_make_the_tables_that_the_code_means(url: str) -> None:
    database = Database(url)
    make(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_work_that_comes_late_breaks_no_closing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(database := Database(sqlite_url))
    dispose = Engine.dispose

    def meanwhile(engine: Engine) -> None:
        monkeypatch.setattr(Engine, "dispose", dispose)
        with database.reading(READ_SECONDS):
            dispose(engine)

    monkeypatch.setattr(Engine, "dispose", meanwhile)
    database.close()
    database.close()


def test_a_file_that_is_no_database_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def open_(path: Path) -> sqlite3.Connection:
        opened.append(connect(path))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", open_)
    (tmp_path / "letter.txt").write_text("No database. " * 100)
    with pytest.raises(StoreError, match="not a database"):
        make(Database(f"sqlite:///{tmp_path / 'letter.txt'}"))
    (one,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        one.execute("SELECT 1")


def test_threads_at_once_share_the_connections(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engines: list[Engine] = []

    def slowly(*arguments: Any, **more: Any) -> Engine:
        engines.append(create_engine(*arguments, **more))
        time.sleep(0.05)
        return engines[-1]

    monkeypatch.setattr("tierline.serving.store.engine.create_engine", slowly)
    make(before := Database(url))
    before.close()
    engines.clear()
    database = Database(url)

    def ask(_: int) -> None:
        with database.reading() as connection:
            connection.execute(text("SELECT 1"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    database.close()
    assert len(engines) == 1


def test_a_store_one_migration_behind_is_refused_and_upgraded(url: str, tmp_path: Path) -> None:
    store = Store(url, tmp_path / "spool")
    if store.database.is_sqlite:
        store.database.create_file()
    with pytest.raises(StoreError, match="expected a store; found no tables"):
        upgrade(store.database)
    with pytest.raises(StoreError, match="tierline store init"):
        store.check()
    migrate(store.database, "0001")
    with pytest.raises(StoreError, match=r"expected migration 0006; found 0001.* store upgrade"):
        store.check()
    with pytest.raises(StoreError, match="store upgrade"):
        make(store.database)
    done = upgrade(store.database)
    assert (done.before, done.migration) == ("0001", "0006")
    store.database.close()


def test_a_newer_store_is_refused(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="A newer Tierline made it"):
        store.check()
    with pytest.raises(StoreError, match="A newer Tierline made it"):
        upgrade(store.database)


def test_making_a_store_twice_keeps_what_it_holds(store: Store) -> None:
    record(store, ticket(id="T-1"))
    key = store.pseudonyms()
    make(store.database)
    store.check()
    assert store.pseudonyms() == key
    assert counts(store.database)["decisions"] == 1


def test_another_key_is_refused(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = Store(url, tmp_path / "spool")
    monkeypatch.setenv("TIERLINE_STORE_KEY", "short")
    with pytest.raises(StoreError, match="expected 16 characters or more; found 5"):
        make(store.database)
    monkeypatch.setenv("TIERLINE_STORE_KEY", "k" * 32)
    make(store.database)
    store.check()
    with store.database.reading() as connection:
        values = list(connection.scalars(text("SELECT value FROM settings")))
    assert len(values) == 1
    assert "kkk" not in values[0]
    for wrong in ("j" * 32, ""):
        monkeypatch.setenv("TIERLINE_STORE_KEY", wrong)
        with pytest.raises(StoreError, match="expected the key that the store was made with"):
            store.check()
    store.database.close()

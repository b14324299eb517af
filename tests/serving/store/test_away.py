"""A store that is locked, full, gone or behind: answers go on, nothing is lost or doubled."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, text

from tierline.data.errors import StoreError
from tierline.data.redact import redact
from tierline.serving.store import engine, migrations, remembered
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.setup import make, upgrade
from tierline.serving.store.store import Store
from tierline.serving.store.version import latest, migrate
from tierline.serving.store.writer import Writer

from ..fakes import NOW, POLICY, prediction
from .conftest import running
from .making import PERSONAL, decided, find, record, rows, ticket, wait_for


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr("tierline.serving.store.writer._RETRY_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("tierline.serving.store.writer._PAUSE_SECONDS", 0.01)


def path_of(store: Store) -> Path:
    return Path(store.database.url.database or "")


@contextmanager
def gone(store: Store) -> Iterator[None]:
    path = path_of(store)
    path.rename(path.with_suffix(".away"))
    yield
    assert not path.exists()  # nothing may have been made in its place
    path.with_suffix(".away").rename(path)


@contextmanager
def locked(store: Store) -> Iterator[None]:
    holder = sqlite3.connect(path_of(store), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


@contextmanager
def full(store: Store) -> Iterator[None]:
    with store.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    original = sqlite3.connect

    def small(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = original(*args, **kwargs)  # type: ignore[call-overload]
        connection.execute(f"PRAGMA max_page_count={pages}")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tierline.serving.store.engine.sqlite3.connect", small)
        yield


@contextmanager
def migrated_meanwhile(store: Store) -> Iterator[None]:
    """Another Tierline changes the version, and nothing tells this one."""
    with behind(store, told=False):
        yield


def before_last() -> str:
    """The migration of a Tierline that is one release behind."""
    found = ScriptDirectory(migrations.__path__[0]).get_revision(latest())
    return str(found.down_revision)


@contextmanager
def one_behind(store: Store) -> Iterator[None]:
    with behind(store, to=before_last()):
        yield


@contextmanager
def behind(store: Store, *, told: bool = True, to: str = "0001") -> Iterator[None]:
    def say(version: str) -> None:
        connection = sqlite3.connect(path_of(store))
        with connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [version])
        connection.close()

    say(to)
    if told:
        store.writer.away(StoreError("looked at again"))
    yield
    say(latest())


ABSENCES = {
    "gone": gone,
    "locked": locked,
    "full": full,
    "behind": behind,
    "one behind": one_behind,
    "migrated": migrated_meanwhile,
}
BIG = "words " * 100


@pytest.mark.parametrize("kind", ABSENCES)
def test_decisions_wait_and_are_written_when_the_store_is_back(
    sqlite_store: Store, kind: str
) -> None:
    store = sqlite_store
    before = record(store, ticket(id="before"))
    with ABSENCES[kind](store):
        meanwhile = record(store, *[ticket(f"{BIG} {PERSONAL}") for _ in range(20)])
        wait_for(lambda: store.status.state == "away")
        assert store.status.waiting
        assert store.spool.count() == (20, 0)
        spooled = (store.spool.folder / "waiting.jsonl").read_text()
        assert "7654321" not in spooled
        assert '"before"' not in spooled
        more = record(store, ticket("one more"))
    wait_for(lambda: store.status.state == "on" and not store.status.waiting)
    after = record(store, ticket("and after"))
    assert rows(store).keys() == {*before, *meanwhile, *more, *after}
    assert store.status.lost == 0


def test_what_keeps_the_store_away_is_told(sqlite_store: Store) -> None:
    said = {}
    for kind, absence in ABSENCES.items():
        with absence(sqlite_store):
            record(sqlite_store, ticket(BIG))
            wait_for(lambda: sqlite_store.status.state == "away")
            said[kind] = sqlite_store.status.problem or ""
        wait_for(lambda: sqlite_store.status.state == "on")
    assert "unable to open database file" in said["gone"]
    assert "database is locked" in said["locked"]
    assert "full. Free some space" in said["full"]
    for kind in ("behind", "one behind"):
        assert "tierline store upgrade" in said[kind] or "looked at again" in said[kind]
    assert "tierline store upgrade" in said["migrated"]


def test_a_postgresql_that_lets_nobody_in(server: URL, tmp_path: Path) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    url = server.set(database="restless").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE restless"))
        with running(url, tmp_path / "spool") as store:
            record(store, ticket())
            connection.execute(text("ALTER DATABASE restless ALLOW_CONNECTIONS false"))
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(query), {"name": "restless"})
            record(store, ticket())
            wait_for(lambda: store.status.state == "away")
            assert store.status.waiting
            connection.execute(text("ALTER DATABASE restless ALLOW_CONNECTIONS true"))
            wait_for(lambda: store.status.state == "on" and not store.status.waiting)
            assert len(rows(store)) == 2
        connection.execute(text("DROP DATABASE restless WITH (FORCE)"))
    admin.dispose()


def test_a_store_away_from_the_start_is_written_later(sqlite_url: str, tmp_path: Path) -> None:
    store = Store(sqlite_url, tmp_path / "spool")
    with pytest.raises(StoreError, match="tierline store init"):
        store.start(need=True)
    store.start()
    record(store, ticket(id="T-1"))
    assert store.with_locks([ticket(id="T-1")]) == [ticket(id="T-1")]
    store.close()
    assert store.spool.count() == (1, 0)
    later = Store(sqlite_url, tmp_path / "spool")
    make(later.database)
    later.start(need=True)
    wait_for(lambda: not later.status.waiting)
    (row,) = rows(later).values()
    assert row["ticket_key"] == later.pseudonyms().ticket("T-1")
    later.close()


@pytest.mark.parametrize("at", ["0001", before_last()])
def test_an_upgraded_store_takes_what_waited(sqlite_url: str, tmp_path: Path, at: str) -> None:
    store = Store(sqlite_url, tmp_path / "spool")
    store.database.create_file()
    migrate(store.database, at)
    store.start()
    record(store, ticket())
    assert store.status.state == "away"
    assert f"found {at}. Bring it up to date with: tierline store upgrade" in (
        store.status.problem or ""
    )
    upgrade(store.database)
    make(store.database)
    wait_for(lambda: store.status.state == "on" and not store.status.waiting)
    assert len(rows(store)) == 1
    store.close()


def test_locks_seen_before_hold_while_the_store_is_away(sqlite_store: Store) -> None:
    store = sqlite_store
    store.put_lock("T-1", 2)
    with gone(store):
        for _ in range(2):
            (found,) = store.with_locks([ticket(id="T-1")])
            assert (found.locked_by_human, found.current_tier) == (True, 2)
        assert store.status.state == "away"
        with pytest.raises(StoreError):
            store.put_lock("T-2", 2)


def writer(
    store: Store, write: Callable[[list[Json]], None] | None = None, room: int = 100
) -> Writer:
    return Writer(write or store._write, store.check, store._seal, store.spool, room)


def test_without_room_decisions_go_to_the_spool_at_once(sqlite_store: Store) -> None:
    stuck = writer(sqlite_store, room=2)  # never started: the queue stays full
    found = [Remembered.of(decided(ticket(), prediction()), POLICY, NOW) for _ in range(5)]
    stuck.submit(found)
    assert stuck._queue.qsize() == 2
    assert sqlite_store.spool.count() == (3, 0)
    stuck.start()
    stuck.flush()
    wait_for(sqlite_store.spool.is_empty)
    stuck.close()
    assert rows(sqlite_store).keys() == {one.id for one in found}


def test_rows_that_the_database_refuses_are_set_aside_alone(sqlite_store: Store) -> None:
    store = sqlite_store
    made = [decided(ticket(str(n)), prediction()) for n in range(5)]
    spoilt = made[2].recommendation.model_copy(update={"tier": None})
    made[2] = type(made[2])(made[2].ticket, made[2].prediction, spoilt)
    ids = store.record(made, POLICY, NOW)
    store.writer.flush()
    assert rows(store).keys() == set(ids) - {ids[2]}
    assert store.spool.count() == (0, 1)
    assert store.status.state == "on"


def test_a_broken_line_in_the_spool_stops_no_other(sqlite_store: Store) -> None:
    store = sqlite_store
    found = Remembered.of(decided(ticket(), prediction()), POLICY, NOW)
    store.spool.append([{"kind": "decisions", "id": "x"}, {"kind": "gossip"}, *found.items])
    wait_for(store.spool.is_empty)
    assert rows(store).keys() == {found.id}
    assert store.spool.count() == (0, 1)


def test_a_decision_that_cannot_be_put_down_takes_no_other_along(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:

    def fail(words: str) -> str:
        if "poison" in words:
            raise ValueError(words)
        return redact(words)

    monkeypatch.setattr(remembered, "redact", fail)
    record(sqlite_store, ticket("good"), ticket("poison"), ticket("good"))
    assert len(rows(sqlite_store)) == 2
    assert sqlite_store.status.lost == 1
    assert "poison" not in caplog.text


def test_neither_store_nor_disk_is_counted(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: object) -> None:
        raise StoreError("away")

    def no_disk(_: object) -> None:
        raise OSError(28, "No space left on device")

    sqlite_store.spool.append = no_disk  # type: ignore[method-assign,assignment]
    lost = writer(sqlite_store, away)
    lost.submit([Remembered.of(decided(ticket(), prediction()), POLICY, NOW)])
    lost.start()
    lost.flush()
    lost.close()
    assert lost.lost == 1
    assert "No space left on device" in caplog.text


@pytest.mark.parametrize("back", ["store", "disk"])
def test_what_neither_store_nor_disk_takes_is_held_until_one_does(
    sqlite_store: Store, back: str
) -> None:
    store, spool = sqlite_store, sqlite_store.spool
    with gone(store):
        spool.folder.touch()  # in the spool's place: it can't be made
        ids = record(store, *[ticket(str(n), id=f"T-{n}") for n in range(3)])
        ids += record(store, ticket("one more"))
        assert (store.status.waiting, store.status.lost) == (True, 0)
        if back == "disk":
            spool.folder.unlink()
            wait_for(lambda: not store.writer.holds)
            assert spool.count() == (4, 0)
    wait_for(lambda: store.status.state == "on" and not store.status.waiting)
    assert rows(store).keys() == set(ids)
    assert store.status.lost == 0
    assert find(store, ids[0]).policy == POLICY


def test_what_is_held_has_a_bound_and_a_last_try(sqlite_store: Store) -> None:
    store = sqlite_store
    full = writer(store, room=3)
    found = [Remembered.of(decided(ticket(), prediction()), POLICY, NOW) for _ in range(8)]
    with gone(store):
        store.spool.folder.touch()
        full.submit(found)  # three in the queue, three held, two lost
        assert (full.holds, full.lost) == (True, 2)
        full.start()
        full.flush()
        assert full.lost == 5  # those of the queue found no room
    store.writer.flush()
    full.close()
    assert rows(store).keys() == {one.id for one in found[3:6]}
    assert (full.holds, full.lost) == (False, 5)

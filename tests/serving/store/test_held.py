"""What waits in memory costs little, and nobody who brings more waits for a database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tierline.data.errors import StoreError
from tierline.serving.store.held import Held
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.store import Store
from tierline.serving.store.writer import Writer

from ..fakes import NOW, POLICY, prediction
from .making import PATIENCE, decided, rows, ticket

MANY = 1300


def one() -> Remembered:
    return Remembered.of(decided(ticket(), prediction()), POLICY, NOW)


def many() -> list[Json]:
    *versions, decision = one().items
    return [*versions, *({**decision, "id": str(n)} for n in range(MANY))]


class Disk:
    """Stands for the spool: takes so many batches, then it is full."""

    def __init__(self, room: int = 0) -> None:
        self.folder, self.room = "spool", room
        self.tries: list[list[Json]] = []

    def is_empty(self) -> bool:
        return True

    def append(self, items: list[Json]) -> None:
        self.tries.append(items)
        if len(self.tries) > self.room:
            raise OSError(28, "No space left on device")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("tierline.serving.store.writer.time.monotonic", lambda: now[0])
    return now


def idle(disk: Disk) -> Writer:
    """A writer that isn't started, its store away."""

    def away(*_: object) -> None:
        raise StoreError("away")

    return Writer(away, away, lambda item: item, disk)  # type: ignore[arg-type]


def test_a_full_disk_is_tried_ever_more_rarely_and_with_little(clock: list[float]) -> None:
    disk = Disk()
    held = idle(disk)
    for _ in range(1000):
        held._keep(many() if not disk.tries else [])
        clock[0] += 0.1
    assert len(disk.tries) == 9  # after 0.5, 1, 2, 4, 8, 16, 30 s, then every 30 s
    assert {len(items) for items in disk.tries} == {500 + 2}
    assert held.holds


def test_a_disk_with_room_again_takes_all_that_is_held(clock: list[float]) -> None:
    disk = Disk()
    held = idle(disk)
    held._keep(many())
    clock[0] += 0.4
    held._keep([])
    assert len(disk.tries) == 1
    clock[0] += 0.2
    disk.room = 3  # one was the try, two more, and it is full again
    held._keep([])
    taken = [item["id"] for items in disk.tries[1:3] for item in items if "id" in item]
    assert taken == [str(n) for n in range(1000)]
    assert held._held.count == 300
    disk.room = 99
    clock[0] += 0.6
    held._keep([])
    assert len(disk.tries) == 4  # the pause has grown
    clock[0] += 0.6
    held._keep([])
    assert not held.holds
    # What is left names its versions, wherever those before it lie.
    assert {item["kind"] for item in disk.tries[-1]} == {"policies", "models", "decisions"}
    held._keep(many())
    assert not held.holds  # and is tried at once again


def test_many_answers_that_miss_the_store_at_once_count_once(clock: list[float]) -> None:
    tried: list[float] = []

    def away(*_: object) -> None:
        tried.append(clock[0] - 1000.0)
        raise StoreError("away")

    writer = Writer(away, away, lambda item: item, Disk(99))  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(writer.away, [StoreError("away")] * 8))
    for _ in range(100):
        writer._catch_up()
        clock[0] += 0.25
    assert tried == [0.5, 1.5, 3.5, 7.5, 15.5]


@pytest.mark.parametrize("busy", ["held", "spooled"])
def test_who_brings_more_does_not_wait_while_the_database_is_slow(made: Store, busy: str) -> None:
    store, entered, go = made, Event(), Event()
    found = [one() for _ in range(6)]
    late = found[2].id

    def slow(items: list[Json]) -> None:
        if any(item.get("id") == late for item in items):
            entered.set()
            assert go.wait(PATIENCE)
        store._write(items)

    if busy == "held":
        store.spool.folder.touch()  # in the spool's place: it can't be made
    crowded = Writer(slow, store.check, store._seal, store.spool, 2)
    crowded.submit(found[:3])  # two are queued; the third is held, or spooled
    crowded.start()
    try:
        assert entered.wait(PATIENCE)
        with ThreadPoolExecutor(1) as pool:
            try:
                pool.submit(crowded.submit, found[3:]).result(PATIENCE / 6)
            finally:
                go.set()
    finally:
        go.set()
        crowded.close()
    if busy == "held":
        store.spool.folder.unlink()
    store.write_spool()
    assert rows(store).keys() == {one.id for one in found}
    assert crowded.lost == 0
    store.database.close()


def test_who_waits_for_decisions_does_not_wait_for_those_that_keep_coming(made: Store) -> None:
    enough = Event()

    def write(_: list[Json]) -> None:
        if not enough.is_set():
            busy.submit([one()])  # so the queue is never empty

    busy = Writer(write, made.check, made._seal, made.spool)
    busy.submit([one()])
    busy.start()
    try:
        with ThreadPoolExecutor(1) as pool:
            try:
                pool.submit(busy.flush).result(PATIENCE / 6)
            finally:
                enough.set()
    finally:
        busy.close()
        made.database.close()


def test_what_comes_after_the_end_is_spooled(made: Store) -> None:
    made.start(need=True)
    made.close()
    late = [one() for _ in range(3)]
    made.writer.submit(late[:1])
    made.writer.submit(late[1:], wait=True)
    assert made.spool.count() == (3, 0)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(made.writer.flush).result(PATIENCE / 6)
    made.write_spool()
    assert rows(made).keys() == {each.id for each in late}
    assert made.status.lost == 0
    made.database.close()


def test_what_comes_while_the_thread_ends_is_spooled(
    made: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, late = made.writer, one()
    empty, given = writer._queue.empty, Event()

    def looked() -> bool:
        found = empty()
        if found and writer._closing.is_set() and not given.is_set():
            given.set()
            writer.submit([late])
        return found

    monkeypatch.setattr(writer._queue, "empty", looked)
    made.start(need=True)
    made.close()
    assert given.is_set()
    assert made.spool.count() == (1, 0)


def test_what_comes_after_the_end_and_no_disk_takes_is_counted_once() -> None:
    closed = idle(Disk())
    closed.start()
    closed.close()
    for count in (1, 2, 3):
        closed.submit([one()])
        assert (closed.lost, closed.holds) == (count, False)


def test_versions_are_held_as_long_as_a_decision_is() -> None:
    held = Held(2)
    held.add(many()[:7])
    assert (held.count, held.surplus, held.trim(), held.count) == (5, 3, 3, 2)
    batch = held.first(1)
    assert [item["kind"] for item in batch] == ["policies", "models", "decisions"]
    held.drop(batch)
    assert [item.get("id") for item in held.first(9)] == [None, None, "1"]
    held.drop(held.first(9))
    assert (held.first(9), held.count) == ([], 0)

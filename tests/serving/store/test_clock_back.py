"""The machine's clock is set back: what comes later still counts as later."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tierline.serving.routing.router import Router
from tierline.serving.store import moments
from tierline.serving.store.deciding import decide
from tierline.serving.store.erased import REMEMBERED
from tierline.serving.store.forms import CorrectionForm, Exclusion, OutcomeForm
from tierline.serving.store.purge import Doomed, purge
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.schema import erased as marks
from tierline.serving.store.schema import exclusions, feedback, handoffs, outcomes
from tierline.serving.store.store import Store

from ..fakes import CALM, POLICY, prediction
from .making import decided, find, packet, rows, ticket

BACK = timedelta(hours=2)


class Clock:
    """The machine's clock, which can be set."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    class Machine(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return clock.now()

    monkeypatch.setattr(moments, "datetime", Machine)
    return clock


def answer(store: Store, clock: Clock, name: str = "T-1", said: str | None = None) -> str:
    """Answer as the server does; return the decision's id once it is stored or refused."""
    asked = ticket(CALM, id=name, stated_severity=said)
    (made,) = decide(Router(POLICY), store, [asked], clock.now()).ids
    store.writer.flush()
    return made


def severity(store: Store, name: str = "T-1") -> str | None:
    (found,) = store.with_severities([ticket(id=name)], POLICY)
    return found.stated_severity


def held(store: Store, clock: Clock, name: str = "T-1", customer: str | None = None) -> list[Json]:
    """The rows of a decision that a server hasn't written yet."""
    store.exclusions_beside(POLICY)  # as before every decision
    of = decided(ticket("held", id=name, customer=customer), prediction())
    return Remembered.of(of, POLICY, clock.now(), recorded=store._moments.take()).items


def erase(store: Store, doomed: Doomed) -> None:
    """As `tierline store purge` in a process of its own."""
    purge(store.database, store.spool, store.pseudonyms(), doomed)


@pytest.fixture(params=["running", "started since"])
def set_back(
    request: pytest.FixtureRequest, store: Store, clock: Clock, tmp_path: Path
) -> Iterator[Callable[[], Store]]:
    """Sets the clock back beside a server, or before another one starts; returns that one."""
    begun = []

    def another() -> Store:
        clock.off -= BACK
        if request.param == "running":
            return store
        url = store.database.url.render_as_string(hide_password=False)
        begun.append(Store(url, tmp_path / "another"))
        begun[0].start(need=True)
        return begun[0]

    yield another
    for one in begun:
        one.close()


def test_what_is_decided_after_an_erasure_is_stored(
    store: Store, clock: Clock, set_back: Callable[[], Store]
) -> None:
    answer(store, clock)
    erase(store, Doomed(ticket="T-1"))
    later = set_back()
    made = {answer(later, clock), answer(later, clock, "T-2")}
    assert rows(store).keys() == made
    assert (later.status.state, later.status.lost) == ("on", 0)


def test_a_lock_that_a_person_puts_after_an_erasure_stays(
    store: Store, clock: Clock, set_back: Callable[[], Store]
) -> None:
    before = held(store, clock, customer="C-1")
    erase(store, Doomed(customer="C-1"))
    later = set_back()
    put = later.put_lock("T-1", 2, "integrations")
    later.put_outcome(OutcomeForm(ticket="T-1", csat=1))
    later.put_correction(CorrectionForm(ticket="T-1", severity="P2"))
    later.put_handoff(packet(ticket(id="T-1")), [])
    made = answer(later, clock)
    store._write(before)  # only this decision says whose the ticket is
    assert store.find_lock("T-1") == put
    assert rows(store).keys() == {made}
    with store.database.reading() as connection:
        for table in (outcomes, feedback, handoffs):
            assert len(connection.execute(select(table)).all()) == 1


def test_the_severity_that_a_person_states_last_counts(
    store: Store, clock: Clock, set_back: Callable[[], Store]
) -> None:
    answer(store, clock, said="P1")
    later = set_back()
    for said in ("P4", "P2"):
        made = answer(later, clock, said=said)
        assert severity(later) == said
    assert (severity(store), find(store, "T-1").row["id"]) == ("P2", made)
    # The clock that the answer was made by is what it was: it replays.
    assert datetime.fromisoformat(find(store, made).row["clock"]) <= clock.now()


def test_a_severity_under_a_given_clock_is_not_the_last(store: Store, clock: Clock) -> None:
    answer(store, clock, said="P1")
    clock.off -= BACK
    given = decided(ticket(id="T-1", stated_severity="P4"), prediction())
    store.record([given], POLICY, clock.now() - timedelta(days=1))
    store.writer.flush()
    assert severity(store) == "P1"


def test_what_was_held_is_erased_though_both_come_after_the_clock_went_back(
    store: Store, clock: Clock, set_back: Callable[[], Store]
) -> None:
    answer(store, clock)
    later = set_back()
    for _ in range(2):
        before = [held(later, clock, customer="C-1") for _ in range(3)]
        erase(store, Doomed(customer="C-1"))
        for one in before:
            later._write(one)
        assert "held" not in {row["body"] for row in rows(store).values()}
    later._write(held(later, clock, customer="C-1"))
    assert "held" in {row["body"] for row in rows(store).values()}


def test_a_running_server_counts_the_time_that_passes(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may have erased meanwhile, and the store be away since."""
    passed = [1000.0]
    monkeypatch.setattr("tierline.serving.store.moments.time.monotonic", lambda: passed[0])
    server = moments.Moments()
    clock.off += timedelta(hours=1)
    passed[0] += 3600
    erasure = moments.Moments().take()
    clock.off -= timedelta(minutes=20)  # still later than the server's last look
    passed[0] += 5
    assert server.take().order > erasure.order


def test_dates_follow_the_clock_again_once_it_is_past(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    before = store.put_lock("T-1", 2).locked_at
    clock.off -= BACK
    with caplog.at_level(logging.WARNING):
        behind = [store.put_lock("T-1", 2).locked_at for _ in range(3)]
        store.put_exclusion(Exclusion(from_team="a", to_team="b"))
        answer(store, clock)
    assert sorted({before, *behind}) == [before, *behind]
    assert behind[-1] - clock.now() > BACK - timedelta(minutes=1)
    with store.database.reading() as connection:
        assert connection.execute(select(exclusions.c.since)).scalar_one() > behind[-1]
    (said,) = caplog.messages
    assert said.startswith("the machine's clock is 2:00:0")
    assert "T-1" not in said
    caplog.clear()
    clock.off += BACK
    start = clock.now()
    assert start <= store.put_lock("T-1", 2).locked_at <= clock.now()
    assert caplog.messages == []


def test_a_clock_that_was_far_ahead_once_dates_nothing_that_follows(
    store: Store, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    far = timedelta(days=27_000)
    clock.off += far
    before = held(store, clock, customer="C-1")
    store.put_lock("T-1", 3)
    erase(store, Doomed(customer="C-1"))
    clock.off -= far
    url = store.database.url.render_as_string(hide_password=False)
    with caplog.at_level(logging.WARNING), running_again(url, tmp_path) as later:
        start = clock.now()
        locked = later.put_lock("T-2", 2).locked_at
        later._write(before)
        made = answer(later, clock)
        erase(later, Doomed(ticket="T-2"))
        assert start <= locked <= clock.now()
    assert rows(store).keys() == {made}
    assert start <= rows(store)[made]["decided_at"] <= clock.now()
    assert "more than 7 days" in caplog.messages[0]


def test_marks_of_erasures_are_kept_as_long_by_the_machines_clock(
    store: Store, clock: Clock
) -> None:
    erase(store, Doomed(ticket="T-1"))
    clock.off += REMEMBERED / 2
    store.put_lock("T-1", 2)
    clock.off -= REMEMBERED / 2
    clock.off += REMEMBERED * 0.9  # by the latest moment it would be less
    erase(store, Doomed(ticket="T-2"))
    with store.database.reading() as connection:
        assert len(connection.execute(select(marks)).all()) == 2


@contextmanager
def running_again(url: str, folder: Path) -> Iterator[Store]:
    store = Store(url, folder / "again")
    store.start(need=True)
    yield store
    store.close()


SETS_CLOCK = st.integers(-180, 180)
DOES = st.sampled_from(["answer", "hold", "deliver", "erase", "lock", "P1", "P2", "restart"])


class Told:
    """Does steps about a ticket with two servers in turn, and knows what the store should say."""

    def __init__(self, name: str, clock: Clock, one: Store, other: Store) -> None:
        self.name, self.clock, self.server, self.other = name, clock, one, other
        self.stored: set[str] = set()
        self.held: list[list[Json]] = []
        self.locked = False
        self.said: str | None = None

    def step(self, what: str | int) -> None:
        if isinstance(what, int):
            self.clock.off += timedelta(minutes=what)
        elif what in {"answer", "P1", "P2"}:
            self.said = self.said if what == "answer" else what
            said = None if what == "answer" else what
            self.stored.add(answer(self.server, self.clock, self.name, said))
        else:
            getattr(self, what)()

    def hold(self) -> None:
        """A decision that isn't written yet; another of that moment is."""
        self.held.append(held(self.server, self.clock, self.name))
        answer(self.server, self.clock, "T-2")

    def deliver(self) -> None:
        for items in self.held:
            self.server._write(items)
            self.stored.add(items[-1]["id"])
        self.held = []

    def erase(self) -> None:
        erase(self.server, Doomed(ticket=self.name))
        for items in self.held:
            self.server._write(items)  # in vain
        self.stored, self.held, self.locked, self.said = set(), [], False, None

    def lock(self) -> None:
        self.server.put_lock(self.name, 2)
        self.locked = True

    def restart(self) -> None:
        """Go on with the other server, which knows only what the store knows."""
        self.server, self.other = self.other, self.server
        self.server._moments = moments.Moments()
        self.server.check()

    def holds(self) -> bool:
        key = self.server.pseudonyms().ticket(self.name)
        own = {name for name, row in rows(self.server).items() if row["ticket_key"] == key}
        locked = self.server.find_lock(self.name) is not None
        said = severity(self.server, self.name)
        return (own, locked, said) == (self.stored, self.locked, self.said)


def test_however_the_clock_is_set_the_order_counts(
    sqlite_store: Store, clock: Clock, tmp_path: Path
) -> None:
    numbers = count()

    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.one_of(DOES, SETS_CLOCK), max_size=7))
    @example(["answer", "erase", -120, "answer"])
    @example(["hold", -120, "restart", "erase", "lock", "answer"])
    @example(["P1", -120, "restart", "P2"])
    def check(steps: list[str | int]) -> None:
        # A ticket of its own, and later than all that came in the runs before.
        number = next(numbers)
        clock.off = timedelta(days=10 * number)
        told = Told(f"T-1-{number}", clock, sqlite_store, other)
        for step in steps:
            told.step(step)
            assert told.holds()

    with running_again(f"sqlite:///{tmp_path / 'store.db'}", tmp_path) as other:
        check()

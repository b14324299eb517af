"""The store's own moments: none is behind what the store has seen, though a clock is set back.

Erasures, locks and stated severities count by what came before and what after them; a clock that
is set back would turn that round. So the store keeps the latest moment that it gave. Whoever
decides or writes reads it first and goes on from there, a microsecond at a time, until the
machine's clock is past it: a Lamport clock, which also holds between processes and machines.

A clock that was far ahead once must not date all that follows. Only the order goes on from there
however far that is; rows are dated at most `AHEAD_AT_MOST` after the machine's clock.
"""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from tierline.serving.store.schema import erased, feedback, handoffs, locks, outcomes, settings
from tierline.serving.store.upsert import insert_of

log = logging.getLogger(__name__)

#: How far rows may be dated after the machine's clock.
AHEAD_AT_MOST: Final = timedelta(days=7)
#: The latest moment is kept to this when nothing hangs on it: writers would wait for its row.
_COARSE: Final = timedelta(seconds=1)
#: A decision's clock that is older than this is no present one: it was given.
_PRESENT: Final = timedelta(minutes=5)
#: A machine's clock that is this far behind is told in the log, so often.
_TOLD: Final = timedelta(minutes=1)
_AGAIN_SECONDS: Final = 3600.0
#: The clock went back when it lost this much of the time that passed. Less is drift.
_STEP: Final = timedelta(seconds=1)
_DRIFT: Final = 1e-3
_TICK: Final = timedelta(microseconds=1)
_NAME: Final = "latest_moment"
_DATED: Final = (
    erased.c.erased_at,
    locks.c.locked_at,
    handoffs.c.made_at,
    feedback.c.received_at,
    outcomes.c.received_at,
)


class Moment(NamedTuple):
    """One moment of the store.

    ``order`` is after all that was seen before it, ``dated`` what rows say, ``machine`` what the
    machine's clock said.
    """

    order: datetime
    dated: datetime
    machine: datetime

    def of_clock(self, clock: datetime) -> datetime:
        """Return when a decision counts as made that is recorded now.

        That is its clock, but for the present one of a machine whose clock is behind.
        """
        present = timedelta(0) <= self.machine - clock <= _PRESENT
        return max(clock, self.dated) if present and self.dated > self.machine else clock


class Moments:
    """Gives the moments of one process; each is later than all that it gave or saw."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._machine, self._running = datetime.now(UTC), time.monotonic()
        self._latest = self._machine
        self._told: float | None = None

    def see(self, at: datetime) -> None:
        """Take in a moment that the store gave, to whomever."""
        with self._lock:
            machine = self._look()
            self._latest = max(self._latest, at)
            self._tell(machine)

    def take(self, beyond: timedelta = _TICK) -> Moment:
        """Return a new moment: now, or ``beyond`` the latest one while the clock is behind it."""
        with self._lock:
            machine = self._look()
            behind = self._latest >= machine
            self._latest = _later(self._latest, beyond) if behind else machine
            self._tell(machine)
            followed = self._latest - machine <= AHEAD_AT_MOST
            return Moment(self._latest, self._latest if followed else machine, machine)

    def _look(self) -> datetime:
        """Return what the machine's clock says; where it went back, the time that passed counts."""
        machine, running = datetime.now(UTC), time.monotonic()
        passed = timedelta(seconds=max(running - self._running, 0))
        if passed - (machine - self._machine) > _STEP + passed * _DRIFT:
            self._latest = _later(self._latest, passed)
        self._machine, self._running = machine, running
        return machine

    def _tell(self, machine: datetime) -> None:
        behind = self._latest - machine
        if behind <= _TOLD:
            self._told = None
            return
        if self._told is not None and self._running - self._told < _AGAIN_SECONDS:
            return
        self._told = self._running
        seconds = timedelta(seconds=round(behind.total_seconds()))
        effect = (
            "what is stored is dated after that until the clock is past it"
            if behind <= AHEAD_AT_MOST
            else f"that is more than {AHEAD_AT_MOST.days} days, so what is stored is dated by the "
            "clock; erasures still count in their order, but of severities stated the ones with "
            "the later date count"
        )
        log.warning(
            "the machine's clock is %s behind the latest moment of the store, %s: %s. "
            "Is the clock right?",
            seconds,
            self._latest.isoformat(timespec="seconds"),
            effect,
        )


def latest(connection: Connection) -> datetime:
    """Return the latest moment that the store gave, to a second; the first of all for none."""
    kept = connection.scalar(select(settings.c.value).where(settings.c.name == _NAME))
    if kept is not None:
        return datetime.fromisoformat(kept)
    # A store of before it was kept, or one in which nothing was written yet.
    found = (connection.scalar(select(func.max(column))) for column in _DATED)
    return max((at for at in found if at is not None), default=datetime.min.replace(tzinfo=UTC))


def keep(connection: Connection, at: datetime, *, exactly: bool = True) -> None:
    """Keep a moment as the latest unless a later one is known; without ``exactly`` to a second.

    It comes last in its transaction: others who keep one wait for that to end.
    """
    known = latest(connection)
    if at <= known or (not exactly and at - known < _COARSE):
        return
    # Of one length and one zone, so that texts are in the order of the moments.
    value = at.astimezone(UTC).isoformat(timespec="microseconds")
    statement = insert_of(connection, settings).values(name=_NAME, value=value)
    new = statement.excluded.value
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": new}, where=settings.c.value < new
        )
    )


def _later(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return at

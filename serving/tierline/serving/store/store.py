"""The store as servers and jobs hold it: `open_store`."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from tierline.data.errors import StoreError
from tierline.data.ticket import Ticket
from tierline.serving.handoff.making import refuse_false_claims
from tierline.serving.handoff.packet import Done, Packet
from tierline.serving.helpdesk.deliveries import Past
from tierline.serving.policy import Exclusion as TeamExclusion
from tierline.serving.policy import Policy
from tierline.serving.policy.teams import exclusion_problem
from tierline.serving.routing.router import Decision
from tierline.serving.store import (
    decisions,
    exclusions,
    feedback,
    handoffs,
    locks,
    moments,
    outcomes,
    stated,
)
from tierline.serving.store.engine import ANSWER_SECONDS, BACKGROUND_SECONDS, READ_SECONDS, Database
from tierline.serving.store.forms import Checklist, CorrectionForm, Exclusion, Lock, OutcomeForm
from tierline.serving.store.pseudonyms import Pseudonyms, read_key
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.spool import Spool
from tierline.serving.store.urls import spool_folder
from tierline.serving.store.version import need_current
from tierline.serving.store.writer import Writer
from tierline.serving.teams.exclusions import Exclusions


@dataclass(frozen=True)
class Status:
    """Whether the store is there; ``waiting``: decisions are spooled, or held in memory."""

    state: Literal["on", "away"]
    problem: str | None
    waiting: bool
    lost: int


class Store:
    """One store: a database, a spool and a writer in the background."""

    def __init__(self, url: str, spool: Path | None = None) -> None:
        self.database = Database(url)
        self.spool = Spool(spool or spool_folder(self.database.url))
        self._pseudonyms: Pseudonyms | None = None
        self._moments = moments.Moments()
        self._locks: dict[str, Lock] = {}
        self._severities = stated.Severities()
        self._exclusions: list[Exclusion] = []
        self.writer = Writer(self._write, self.check, self._seal, self.spool)

    def start(self, *, need: bool = False) -> None:
        """Start writing; with ``need``, only if the store is there and of this version.

        Raises:
            StoreError: with ``need``, saying what to do.
        """
        try:
            self.check()
        except StoreError as error:
            if need:
                raise
            self.writer.away(error)
        self.writer.start()

    def close(self) -> None:
        """Write what is left and let go of the database."""
        self.writer.close()
        self.database.close()

    def write_spool(self) -> None:
        """Write all that waits in the spool.

        Raises:
            StoreError: when the store is away.
        """
        while not self.writer.catch_up():
            pass

    @property
    def status(self) -> Status:
        """What is known of the store now, without asking it."""
        problem = self.writer.problem
        state: Literal["on", "away"] = "on" if problem is None else "away"
        waiting = self.writer.holds or not self.spool.is_empty()
        return Status(state, problem, waiting, self.writer.lost)

    def check(self) -> None:
        """See whether the store is there, of this version, and has the right key.

        Raises:
            StoreError: saying what to do.
        """
        with self.database.reading() as connection:
            need_current(self.database, connection)
            self._pseudonyms = read_key(connection)
            self._moments.see(moments.latest(connection))

    def pseudonyms(self) -> Pseudonyms:
        """Return the store's hashes; the store is asked for the key once.

        Raises:
            StoreError: while it is away, before it was ever there.
        """
        if self._pseudonyms is None:
            self.check()
        assert self._pseudonyms is not None  # noqa: S101
        return self._pseudonyms

    def record(
        self,
        made: Sequence[Decision],
        policy: Policy,
        now: datetime,
        ids: Sequence[str] | None = None,
        *,
        wait: bool = False,
        recalled: Collection[int] = (),
    ) -> list[str]:
        """Take decisions to write in the background; return their ids, made here or given.

        ``recalled`` are the places of those whose severity comes from `with_severities`.
        A decision whose id is in the store already isn't written again.
        """
        names: Sequence[str | None] = ids or [None] * len(made)
        at = self._moments.take()
        found = [
            Remembered.of(decision, policy, now, name, recalled=place in recalled, recorded=at)
            for place, (decision, name) in enumerate(zip(made, names, strict=True))
        ]
        self.writer.submit(found, wait=wait)
        self._hear(found)
        return [one.id for one in found]

    def _hear(self, found: Sequence[Remembered]) -> None:
        """Know what was just stated before it is written."""
        for one in found:
            if self._pseudonyms is not None and one.ticket.id is not None and one.stated:
                said = stated.Stated(one.decided_at, one.id, one.stated)
                self._severities.tell(self._pseudonyms.ticket(one.ticket.id), said)

    def past(self, name: str) -> Past | None:
        """Return the answer of a decision by its id, None where it isn't stored.

        While the store is away nothing is found: the same id keeps a decision from coming twice.
        """
        if self.writer.problem is not None:
            return None
        try:
            with self.database.reading(READ_SECONDS) as connection:
                return decisions.past(connection, name)
        except StoreError as error:
            self.writer.away(error)
            return None

    def with_locks(self, tickets: Sequence[Ticket]) -> list[Ticket]:
        """Return the tickets as people placed them; never fails, and never waits long.

        While the store is away, the locks that were seen before still hold.
        """
        if self._pseudonyms is None:
            return list(tickets)
        keys = [None if t.id is None else self._pseudonyms.ticket(t.id) for t in tickets]
        known = self._locks_of({key for key in keys if key})
        return [
            ticket if lock is None else _locked(ticket, lock)
            for ticket, key in zip(tickets, keys, strict=True)
            for lock in [known.get(key or "")]
        ]

    def _locks_of(self, keys: set[str]) -> dict[str, Lock]:
        if self.writer.problem is None and keys:
            try:
                with self.database.reading(READ_SECONDS) as connection:
                    found = locks.find(connection, keys)
            except StoreError as error:
                self.writer.away(error)
            else:
                # None that holds is missing for a moment: others look here once the store is away.
                self._locks |= found
                for key in keys - found.keys():
                    self._locks.pop(key, None)
                return found
        return {key: lock for key in keys if (lock := self._locks.get(key))}

    def with_severities(self, tickets: Sequence[Ticket], policy: Policy) -> list[Ticket]:
        """Return the tickets with the severity that a person last stated of each; never fails.

        One that comes with the ticket counts for more, and one that the policy doesn't know has
        no say. While the store is away, those that were seen before still hold.
        """
        if self._pseudonyms is None:
            return list(tickets)
        keys = [
            None if t.id is None or t.stated_severity else self._pseudonyms.ticket(t.id)
            for t in tickets
        ]
        known = self._severities_of({key for key in keys if key})
        return [
            t if policy.severity_of(said) is None else _rated(t, said)
            for t, key in zip(tickets, keys, strict=True)
            for said in [known.get(key or "")]
        ]

    def _severities_of(self, keys: set[str]) -> dict[str, str]:
        if self.writer.problem is None and keys:
            try:
                with self.database.reading(READ_SECONDS) as connection:
                    self._severities.refresh(
                        keys, lambda: self.writer.idle, lambda: stated.find(connection, keys)
                    )
            except StoreError as error:
                self.writer.away(error)
        return self._severities.of(keys)

    def exclusions_beside(self, policy: Policy) -> Exclusions:
        """Return the standing orders as they hold beside a policy; never fails.

        While the store is away, those that were seen last still hold. Teams that the policy
        doesn't know have no say.
        """
        if self.writer.problem is None:
            try:
                with self.database.reading(READ_SECONDS) as connection:
                    self._exclusions = exclusions.every(connection)
                    # Every decision comes by here first: it is after what was erased by now.
                    self._moments.see(moments.latest(connection))
            except StoreError as error:
                self.writer.away(error)
        rules = (
            TeamExclusion(to_team=order.to_team, from_team=order.from_team)
            for order in self._exclusions
        )
        last, teams = policy.last_owner, policy.teams
        return Exclusions(tuple(r for r in rules if exclusion_problem(r, teams, last) is None))

    def put_lock(self, ticket_id: str, tier: int, team: str | None = None) -> Lock:
        """Lock a ticket at a tier, with a team where one is named.

        Raises:
            StoreError: while the store is away, as all that follow.
        """
        key = self.pseudonyms().ticket(ticket_id)
        with self._dating() as (connection, now):
            lock = locks.put(connection, key, tier, team, now)
        # Only now: who looks before it is committed finds none, and forgets it here.
        self._locks[key] = lock
        return lock

    def find_lock(self, ticket_id: str) -> Lock | None:
        """Return a ticket's lock."""
        key = self.pseudonyms().ticket(ticket_id)
        with self.database.reading() as connection:
            return locks.find(connection, [key]).get(key)

    def remove_lock(self, ticket_id: str) -> bool:
        """Give a ticket back; return whether it was locked."""
        key = self.pseudonyms().ticket(ticket_id)
        with self.database.writing() as connection:
            found = locks.remove(connection, key)
        self._locks.pop(key, None)
        return found

    def put_exclusion(self, exclusion: Exclusion) -> None:
        """Store a standing order between teams."""
        with self._dating() as (connection, now):
            exclusions.put(connection, exclusion, now)

    def remove_exclusion(self, exclusion: Exclusion) -> bool:
        """Remove a standing order; return whether there was one."""
        with self.database.writing() as connection:
            return exclusions.remove(connection, exclusion)

    def exclusions(self) -> list[Exclusion]:
        """Return the standing orders between teams."""
        with self.database.reading() as connection:
            return exclusions.every(connection)

    def put_handoff(self, packet: Packet, done: Sequence[Done]) -> None:
        """Store that a packet was made, and which of its steps are done; it needs an id."""
        key = self.pseudonyms().ticket(packet.id or "")
        with self._dating(ANSWER_SECONDS) as (connection, now):
            handoffs.put(connection, key, packet, done, now)

    def set_done(self, ticket_id: str, done: Done) -> Checklist | None:
        """Store that a step of a ticket's last hand-off is done; None where there was none.

        Raises:
            InputError: for a step in the future, or for documenting what lacks something.
        """
        key = self.pseudonyms().ticket(ticket_id)
        with self._dating() as (connection, now):
            before = handoffs.find(connection, key)
            if before is None:
                return None
            refuse_false_claims([done], before.missing, now)
            handoffs.set_done(connection, key, done, now)
            return handoffs.find(connection, key)

    def checklist(self, ticket_id: str) -> Checklist | None:
        """Return where a ticket's last hand-off stands, None where there was none."""
        key = self.pseudonyms().ticket(ticket_id)
        with self.database.reading(ANSWER_SECONDS) as connection:
            return handoffs.find(connection, key)

    def remove_handoff(self, ticket_id: str) -> bool:
        """Forget a ticket's hand-off, so that the next begins anew; return whether it had one."""
        key = self.pseudonyms().ticket(ticket_id)
        with self.database.writing() as connection:
            return handoffs.remove(connection, key)

    def put_outcome(self, outcome: OutcomeForm) -> None:
        """Store what became of a ticket."""
        key = self.pseudonyms().ticket(outcome.ticket)
        with self._dating() as (connection, now):
            outcomes.put(connection, key, outcome, now)

    def put_correction(
        self, form: CorrectionForm, answered: dict[str, str] | None = None
    ) -> tuple[str, bool]:
        """Store a correction; return its id and whether it is new."""
        pseudonyms = self.pseudonyms()
        self.writer.flush()  # the decision may have been made a moment ago
        with self._dating() as (connection, now):
            return feedback.put(connection, form, pseudonyms, now, answered)

    @contextmanager
    def _dating(self, seconds: float | None = None) -> Iterator[tuple[Connection, datetime]]:
        """Connect to write, with the date of what is written: after all that the store has seen."""
        with self.database.writing(seconds) as connection:
            self._moments.see(moments.latest(connection))
            at = self._moments.take()
            yield connection, at.dated
            moments.keep(connection, at.order)

    def _write(self, items: list[Json]) -> None:
        pseudonyms = self.pseudonyms()
        with self.database.writing(BACKGROUND_SECONDS) as connection:
            # Another Tierline may have migrated it since: then the rows wait.
            need_current(self.database, connection)
            decisions.write(connection, items, pseudonyms)
            _keep_latest(connection, items)

    def _seal(self, item: Json) -> Json:
        return decisions.sealed(item, self._pseudonyms)


def _keep_latest(connection: Connection, items: Sequence[Json]) -> None:
    """Keep when decisions were recorded; exactly where a person stated a severity."""
    recorded = [datetime.fromisoformat(at) for item in items if (at := item.get("recorded_at"))]
    if recorded:
        said = any(item.get("stated_severity") for item in items)
        moments.keep(connection, max(recorded), exactly=said)


def _rated(ticket: Ticket, severity: str | None) -> Ticket:
    return ticket.model_copy(update={"stated_severity": severity})


def _locked(ticket: Ticket, lock: Lock) -> Ticket:
    placed = {"locked_by_human": True, "current_tier": lock.tier}
    return ticket.model_copy(update=placed | ({"team": lock.team} if lock.team else {}))

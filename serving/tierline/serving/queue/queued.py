"""The queue as a whole: every ticket's place, who takes it, and each team's figures."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tierline.serving.clock.open_time import in_utc, shifted
from tierline.serving.policy import Policy
from tierline.serving.policy.queue import capacity_of
from tierline.serving.queue.allocate import Service, allocate
from tierline.serving.queue.choices import Waiting, Way
from tierline.serving.queue.entry import Entry
from tierline.serving.queue.priority import Ranked, order, sentence, terms


@dataclass(frozen=True, slots=True)
class Queued:
    """A ticket at its rank (from 1); ``service`` is None where the queue was only ordered.

    ``overdue``: its answer is due already, whoever takes it now.
    """

    rank: int
    ranked: Ranked
    service: Service | None
    overdue: bool

    @property
    def late(self) -> bool:
        """Whether it isn't overdue yet, and will be at the present capacity."""
        return self.service is not None and not (self.overdue or self.service.in_time)


@dataclass
class TeamFigures:
    """One team's queue in counts.

    ``queued`` tickets are its own by recommendation: ``first`` of them safety or P1, ``taken``
    now by whoever, ``moved`` of these to cover or overflow, ``waiting`` the rest. ``overdue``
    should have been answered before now, ``late`` are those of the others that won't be in time.
    ``holds`` is what it takes now of all teams' tickets.
    """

    queued: int = 0
    first: int = 0
    taken: int = 0
    moved: int = 0
    waiting: int = 0
    overdue: int = 0
    late: int = 0
    holds: int = 0


@dataclass(frozen=True)
class Queue:
    """All open tickets in order, at an instant, by a policy."""

    tickets: tuple[Queued, ...]
    policy: Policy
    now: datetime

    @classmethod
    def of(
        cls,
        entries: Iterable[Entry],
        policy: Policy,
        now: datetime,
        *,
        give_out: bool = True,
    ) -> "Queue":
        """Return the queue; pure. ``give_out`` False only orders it.

        Raises:
            InputError: when scipy is needed and isn't there.
            ValueError: when an id comes twice.
        """
        ranked = order(entries, policy.queue, now)
        services: Iterable[Service | None] = [None] * len(ranked)
        if give_out:
            services = allocate(ranked, policy, now)
        places = enumerate(zip(ranked, services, strict=True), 1)
        tickets = (Queued(n, one, own, one.entry.respond_by < now) for n, (one, own) in places)
        return cls(tuple(tickets), policy, now)

    @property
    def late(self) -> Iterator[Queued]:
        """What will not be answered in time, in order; what is overdue already is another list."""
        return (queued for queued in self.tickets if queued.late)

    @property
    def overdue(self) -> Iterator[Queued]:
        """What should have been answered before now, in order."""
        return (queued for queued in self.tickets if queued.overdue)

    @property
    def undated(self) -> int:
        """Tickets without a date: they count from when they were first seen."""
        return sum(not queued.ranked.entry.dated for queued in self.tickets)

    def capacity(self, team: str) -> int | None:
        """Return the open tickets that a team can hold; None: no limit."""
        return capacity_of(self.policy.teams[team])

    def teams(self) -> dict[str, TeamFigures]:
        """Return the figures of each team that has tickets or takes some."""
        found = {name: TeamFigures() for name in self.policy.teams}
        for queued in self.tickets:
            entry, service = queued.ranked.entry, queued.service
            own = found[entry.team]
            own.queued += 1
            own.first += entry.first is not None
            own.overdue += queued.overdue
            if service is None:
                continue
            own.late += queued.late
            if service.waits_for is not None:
                own.waiting += 1
                continue
            own.taken += 1
            own.moved += service.team != entry.team
            found[service.team].holds += 1
        return {name: f for name, f in found.items() if f.queued or f.holds}

    def row(self, queued: Queued) -> dict[str, Any]:
        """Return a ticket's place as plain data; ``terms`` and ``why`` say what made it."""
        entry, service = queued.ranked.entry, queued.service
        parts = terms(queued.ranked, self.policy.queue, self.now)
        return {
            "rank": queued.rank,
            "id": entry.id,
            "first": entry.first,
            "points": round(queued.ranked.points, 3),
            "why": sentence(parts),
            "tier": entry.tier,
            "own_team": entry.team,
            "since": shifted(in_utc(self.now), -entry.age),
            "respond_by": entry.respond_by,
            "overdue": queued.overdue,
            "team": service.team if service else None,
            "agent": service.agent if service else None,
            "way": service.way if service else None,
            "waits_for": service.waits_for if service else None,
            "reached_by": service.reached_by if service else None,
            "in_time": service.in_time if service else None,
            "terms": [asdict(part) for part in parts],
        }


#: What the ways and the reasons to wait mean, as a lead reads them.
MEANINGS: dict[str, str] = {
    Way.OWN: "its own team",
    Way.COVER: "the cover of its closed team",
    Way.ON_CALL: "its closed team's on-call",
    Way.OVERFLOW: "a pool, as its team's queue is beyond its limit or it can't wait",
    Waiting.CAPACITY: "all who may take it are full",
    Waiting.CLOSED: "its team is closed and no cover may take it",
    Waiting.SKILLS: "nobody who is there has the skills",
    Waiting.EXCLUDED: "an exclusion keeps it from its team: score it again",
}

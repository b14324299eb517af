"""The queue as a whole: every ticket's place, who takes it, and each team's figures."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tierline.serving.policy import Policy
from tierline.serving.policy.queue import capacity_of
from tierline.serving.queue.allocate import Service, allocate
from tierline.serving.queue.choices import Waiting, Way
from tierline.serving.queue.entry import Entry
from tierline.serving.queue.priority import Ranked, order, sentence, terms


@dataclass(frozen=True, slots=True)
class Queued:
    """A ticket at its rank (from 1); ``service`` is None where the queue was only ordered."""

    rank: int
    ranked: Ranked
    service: Service | None

    @property
    def late(self) -> bool:
        """Whether it can't be answered in time at the present capacity."""
        return self.service is not None and not self.service.in_time


@dataclass
class TeamFigures:
    """One team's queue in counts.

    ``queued`` tickets are its own by recommendation: ``first`` of them safety or P1, ``taken``
    now by whoever, ``moved`` of these to cover or overflow, ``waiting`` the rest, ``late``
    those that can't be answered in time. ``holds`` is what it takes now of all teams' tickets.
    """

    queued: int = 0
    first: int = 0
    taken: int = 0
    moved: int = 0
    waiting: int = 0
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
        pairs = zip(ranked, services, strict=True)
        return cls(tuple(Queued(n, *pair) for n, pair in enumerate(pairs, 1)), policy, now)

    @property
    def late(self) -> Iterator[Queued]:
        """What can't be answered in time, in order."""
        return (queued for queued in self.tickets if queued.late)

    @property
    def undated(self) -> int:
        """Tickets of which no age is known: only those with a date are reached for certain."""
        return sum(queued.ranked.entry.age is None for queued in self.tickets)

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
            "respond_by": entry.respond_by,
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

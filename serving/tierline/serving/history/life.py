"""One ticket's life: who held it from when to when, and how it ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from tierline.serving.history.desk import Desk, Phase
from tierline.serving.history.events import Event

V = TypeVar("V")


@dataclass(slots=True)
class Visit:
    """A stretch of a ticket's life with one team; times in seconds.

    ``open`` is how long the ticket was open in it, ``waiting`` the part of that in which it
    waited for somebody. ``team`` is None before any team is named.
    """

    team: str | None
    tier: int | None
    start: int
    open: int = 0
    waiting: int = 0


@dataclass(slots=True)
class Life:
    """A ticket from its opening to its last resolution, or to the log's end while it is open.

    ``idle`` is the time in which it counted as ended before somebody reopened it: ``end - start``
    is the sum of the visits' ``open`` and of ``idle``. What the ticket is comes from the last
    event that says it.
    """

    start: int
    end: int
    ended: bool
    visits: list[Visit] = field(default_factory=list)
    idle: int = 0
    reopened: int = 0
    later_moves: int = 0
    priority: str | None = None
    type: str | None = None
    channel: str | None = None
    sla: bool | None = None
    counted_moves: int | None = None

    @property
    def held(self) -> list[Visit]:
        """The visits to named teams."""
        return [visit for visit in self.visits if visit.team is not None]


def live(events: Sequence[Event], desk: Desk, log_end: int, tells_ends: bool = True) -> Life:
    """Return the life that one ticket's events, in order, tell of.

    A team or state that an event doesn't name is the one before. Moves after the last resolution
    are counted apart: nobody works on the ticket any more. Where the log never tells an end
    (``tells_ends``), a ticket ends with its last event.
    """
    phases = _phases(events, desk)
    created = _last(e.created for e in events)
    start = events[0].at if created is None else min(created, events[0].at)
    end, ended, count = _end(events, phases, log_end, tells_ends)
    life = Life(start, max(end, start), ended)
    life.priority, life.type = _last(e.priority for e in events), _last(e.type for e in events)
    life.channel, life.sla = _last(e.channel for e in events), _last(e.sla for e in events)
    life.counted_moves = _last(e.moves for e in events)
    _walk(life, events, phases, desk, count)
    again = sum(a is Phase.ENDED and b is not Phase.ENDED for a, b in pairwise(phases))
    life.reopened = max(again, _last(e.reopened for e in events) or 0)
    return life


def _last(values: Iterable[V | None]) -> V | None:
    found = None
    for value in values:
        found = found if value is None else value
    return found


def _phases(events: Sequence[Event], desk: Desk) -> list[Phase | None]:
    """Return the phase that begins with each event; None as long as no state has told one."""
    phases: list[Phase | None] = []
    current: Phase | None = None
    for event in events:
        current = desk.phase_of(event.state) or current
        phases.append(current)
    return phases


def _end(
    events: Sequence[Event], phases: Sequence[Phase | None], log_end: int, tells_ends: bool
) -> tuple[int, bool, int]:
    """Return when a life ends, whether it is told, and how many of the events belong to it."""
    resolved = _last(e.resolved for e in events)
    if phases[-1] is Phase.ENDED:
        first = len(phases)
        while first and phases[first - 1] is Phase.ENDED:
            first -= 1
        at, before = events[first].at, events[first - 1].at if first else 0
        told = resolved is not None and before <= resolved <= at
        return (resolved if told and resolved is not None else at), True, first + 1
    if resolved is not None and (phases[-1] is None or resolved >= events[-1].at):
        return resolved, True, max(1, sum(e.at <= resolved for e in events))
    if not tells_ends:
        return events[-1].at, True, len(events)
    return max(log_end, events[-1].at), False, len(events)


def _walk(
    life: Life,
    events: Sequence[Event],
    phases: Sequence[Phase | None],
    desk: Desk,
    count: int,
) -> None:
    """Divide the life among those who held it: each event holds until the next one."""
    place = _Place(desk)
    at, phase = life.start, None
    for i, event in enumerate(events[:count]):
        now = min(max(event.at, life.start), life.end)
        if i:
            _pass(life, phase, now - at)
        team, tier = place.after(event)
        if not life.visits or life.visits[-1].team != team:
            life.visits.append(Visit(team, tier, now if i else life.start))
        if not i:
            _pass(life, None, now - at)
        at, phase = now, phases[i]
    _pass(life, phase, life.end - at)
    for event in events[count:]:
        before = place.label
        life.later_moves += before is not None and place.after(event)[0] != before


def _pass(life: Life, phase: Phase | None, seconds: int) -> None:
    """Let time go by for whoever holds the ticket."""
    if phase is Phase.ENDED:
        life.idle += seconds
        return
    life.visits[-1].open += seconds
    if phase is Phase.WAITING:
        life.visits[-1].waiting += seconds


class _Place:
    """Where a ticket is, event by event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._team: str | None = None
        self._said: int | None = None  # the tier, where the log itself says it
        self.label: str | None = None

    def after(self, event: Event) -> tuple[str | None, int | None]:
        """Return the team, with the tier where the log says it, and the tier."""
        if event.team is not None and event.team != self._team:
            self._team, self._said = event.team, None
        if event.tier is not None:
            self._said = event.tier
        tier = self._said or self._desk.tier_of(self._team)
        said = f"tier {self._said}" if self._said else None
        self.label = ", ".join(filter(None, (self._team, said))) or None
        return self.label, tier

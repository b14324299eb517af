"""Where a ticket may go: its own team, else by the policy's cover and overflow.

While a team is closed, the cover that it names takes all of its tickets; the tier's owner, who
covers a team that names none, only what can't wait until it opens. What a person placed stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tierline.serving.clock.covering import covers_of, may_take, pools_of
from tierline.serving.policy import Policy
from tierline.serving.queue.entry import Entry
from tierline.serving.queue.hours import Hours
from tierline.serving.queue.servers import Servers

_NO_WORK: Final = timedelta(0)


class Way(StrEnum):
    """How a ticket came to who takes it; the first is the most wanted."""

    OWN = "own"
    COVER = "cover"
    ON_CALL = "on_call"
    OVERFLOW = "overflow"


class Waiting(StrEnum):
    """Why nobody takes a ticket now."""

    CAPACITY = "capacity"
    CLOSED = "closed"
    SKILLS = "skills"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Option:
    """A server that may take a ticket; ``cost`` is higher the less it is wanted."""

    server: int
    way: Way
    cost: int


@dataclass(frozen=True)
class Choice:
    """Who may take a ticket now, who later, and why nobody does if there is no option.

    ``later`` has the options' servers, and those of its own team that is closed now.
    """

    options: tuple[Option, ...]
    later: tuple[int, ...]
    lacking: Waiting


class Choices:
    """Finds where tickets may go at an instant; alike tickets share one `Choice`."""

    def __init__(self, policy: Policy, hours: Hours, now: datetime) -> None:
        self._policy, self._hours, self._now = policy, hours, now
        self.servers = Servers.of(policy)
        self._known: dict[tuple[object, ...], Choice] = {}
        self._open = {team: hours.is_open(team, now) for team in policy.teams}
        self._opens = {team: hours.reached(team, now, _NO_WORK) for team in policy.teams}

    def of(self, entry: Entry, *, beyond: bool) -> Choice:
        """Return where an entry may go; ``beyond``: its team's queue is full before it."""
        key = (
            entry.team, entry.tier, entry.needs, entry.never, entry.locked, entry.first is None,
            beyond, self._can_wait(entry),
        )  # fmt: skip
        if key not in self._known:
            self._known[key] = self._find(entry, beyond)
        return self._known[key]

    def _can_wait(self, entry: Entry) -> bool:
        """Return whether a closed team opens before the answer is due."""
        opens = self._opens[entry.team]
        return entry.first is None and opens is not None and entry.respond_by >= opens

    def _find(self, entry: Entry, beyond: bool) -> Choice:
        barred = entry.team in entry.never and not entry.locked
        own = () if barred else self.servers.able(entry.team, entry.needs)
        options = [
            Option(server, way, cost)
            for team, way, cost in self._teams(entry, beyond=beyond or not own, barred=barred)
            for server in self.servers.able(team, entry.needs)
        ]
        later = dict.fromkeys((*own, *(option.server for option in options)))
        lacking = Waiting.EXCLUDED if barred else Waiting.CLOSED if own else Waiting.SKILLS
        return Choice(tuple(options), tuple(later), lacking)

    def _teams(self, entry: Entry, *, beyond: bool, barred: bool) -> Iterator[tuple[str, Way, int]]:
        """Yield the teams that may take an entry now, each once, the most wanted first."""
        own, seen = entry.team, {entry.team}
        closed = not self._open[own]
        if not barred and not closed:
            yield own, Way.OWN, 0
        elif not barred and entry.first is not None and self._hours.on_call(own):
            yield own, Way.ON_CALL, 2
        if entry.locked:
            return
        named = self._policy.teams[own].cover is not None
        if barred or (closed and (named or not self._can_wait(entry))):
            cover = self._open_cover(entry)
            if cover is not None:
                seen.add(cover)
                yield cover, Way.COVER, 1
        if beyond or entry.first is not None:
            for step, pool in enumerate(pools_of(self._policy, own)):
                may = may_take(self._policy, pool, entry.tier, entry.never)
                if may and pool not in seen and self._open[pool]:
                    yield pool, Way.OVERFLOW, 3 + step

    def _open_cover(self, entry: Entry) -> str | None:
        """Return the first team that is there and may, going from cover to cover."""
        covers = covers_of(self._policy, entry.team, entry.tier, entry.never)
        return next((team for team in covers if self._open[team]), None)

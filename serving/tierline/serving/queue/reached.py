"""When waiting tickets are reached, at the present capacities and handling times."""

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tierline.serving.policy import Policy
from tierline.serving.queue.hours import Hours
from tierline.serving.queue.servers import Servers

_NO_WORK: Final = timedelta(0)


class Slots:
    """Places that become free, one ticket after the other.

    A ticket takes up a place of its agent's and its team's capacity for the policy's handling
    time of its tier, counted in the team's open hours; then the next one has it. So the estimate
    knows no new tickets and no one who works faster: where urgent ones come in, it is too early.
    Someone in several teams has the same places in all of them.
    """

    def __init__(self, policy: Policy, servers: Servers, hours: Hours, now: datetime) -> None:
        self.servers = servers
        self._handling = policy.queue.handling
        self._hours, self._now = hours, now
        self._reached: dict[tuple[str, timedelta], datetime | None] = {}
        teams = {name: _Places(team.capacity) for name, team in policy.teams.items()}
        self._places = [([_Places(s.capacity), teams[s.team]], s.team) for s in servers.all]
        for same, most in servers.shared:
            person = _Places(most)
            for server in same:
                self._places[server][0].append(person)

    def take(self, server: int, tier: int) -> datetime:
        """Give a place that is free now to a ticket; return now."""
        self._hold(server, _NO_WORK, tier)
        return self._now

    def next(self, servers: Sequence[int], tier: int) -> datetime | None:
        """Give the first place of these servers that becomes free to a ticket; return when.

        None when none of them has any place, or their teams don't open.
        """
        best: tuple[datetime, int, timedelta] | None = None
        for server in servers:
            places, team = self._places[server]
            free = [place.first for place in places]
            if None in free:
                continue
            work = max(start for start in free if start is not None)
            at = self._instant(team, work)
            if at is not None and (best is None or at < best[0]):
                best = at, server, work
        if best is None:
            return None
        self._hold(best[1], best[2], tier)
        return best[0]

    def _hold(self, server: int, start: timedelta, tier: int) -> None:
        end = start + self._handling[tier]
        for place in self._places[server][0]:
            place.hold(end)

    def _instant(self, team: str, work: timedelta) -> datetime | None:
        key = team, work
        if key not in self._reached:
            self._reached[key] = self._hours.reached(team, self._now, work)
        return self._reached[key]


class _Places:
    """Places by when they become free, in work time from now; ``capacity`` None: no limit."""

    def __init__(self, capacity: int | None) -> None:
        self._capacity = capacity
        self._ends: list[timedelta] = []

    @property
    def first(self) -> timedelta | None:
        """When the first place is free; None when there is none at all."""
        if self._capacity == 0:
            return None
        if self._capacity is None or len(self._ends) < self._capacity:
            return _NO_WORK
        return self._ends[0]

    def hold(self, end: timedelta) -> None:
        """Hold the place that is free first, until ``end``."""
        if self._capacity is None:
            return
        if len(self._ends) < self._capacity:
            heapq.heappush(self._ends, end)
        else:
            heapq.heapreplace(self._ends, end)

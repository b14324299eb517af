"""Where tickets first leave the team that has them: by type, team and destination."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tierline.serving.history.durations import Durations, hours
from tierline.serving.history.life import Life
from tierline.serving.history.volumes import UNNAMED, most_first

#: A route is worth a look when so many tickets took it, and this share of all that could have.
ROUTE_TICKETS: Final = 20
ROUTE_SHARE: Final = 0.5
_MOST: Final = 200


class Starts:
    """The first hand-over of each ticket, or (``rising``) its first move to a higher tier."""

    def __init__(self, rising: bool) -> None:
        self._rising = rising
        self._could: Counter[tuple[str, str]] = Counter()
        self._routes: dict[tuple[str, str, str], Durations] = {}
        self.tickets = 0

    def add(self, life: Life) -> None:
        """Count one ticket: with every team it could have started from, and where it did."""
        kind = life.type or UNNAMED
        held = life.held
        started = next(self._moves(life), None)
        teams = [visit.team for visit in held] if self._rising else [v.team for v in held[:1]]
        self._could.update((kind, str(team)) for team in dict.fromkeys(teams))
        if started is None:
            return
        self.tickets += 1
        here, there = str(held[started].team), str(held[started + 1].team)
        self._routes.setdefault((kind, here, there), Durations()).add(held[started].open)

    def _moves(self, life: Life) -> Iterator[int]:
        held = life.held
        for i in range(len(held) - 1):
            here, there = held[i].tier, held[i + 1].tier
            if not self._rising or (here is not None and there is not None and here < there):
                yield i

    def as_json(self) -> dict[str, Any]:
        """Return type and team with the share of tickets that left there, and frequent routes."""
        left: Counter[tuple[str, str]] = Counter()
        for (kind, here, _), took in self._routes.items():
            left[kind, here] += len(took)
        places = most_first(left)
        routes = sorted(self._routes.items(), key=lambda item: (-len(item[1]), item[0]))
        return {
            "tickets": self.tickets,
            "places": [
                {"type": k, "from": team, "tickets": n, "of": self._could[k, team]}
                for (k, team), n in places[:_MOST]
            ],
            "routes": [
                {
                    "type": kind,
                    "from": here,
                    "to": there,
                    "tickets": len(took),
                    "of": self._could[kind, here],
                    "median_hours_before": hours(took.quantile(0.5)),
                }
                for (kind, here, there), took in routes
                if len(took) >= ROUTE_TICKETS and len(took) >= ROUTE_SHARE * self._could[kind, here]
            ],
        }

"""Escalations, and which of them the policy finds unnecessary.

An escalation is a move to a higher tier. It was unnecessary when the ticket came back to the
tier it had left, or a lower one, and was solved there; or when it went beyond the path that the
policy gives to tickets of its type and priority. Where no tier is known, a hand-over whose
ticket came back and was solved by the team that had given it away stands for the first.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tierline.serving.history.durations import hours
from tierline.serving.history.life import Life, Visit
from tierline.serving.history.promises import Promises
from tierline.serving.history.volumes import most_first


@dataclass
class _Tally:
    escalations: int = 0
    came_back: int = 0
    beyond_path: int = 0
    judged_by_path: int = 0
    lowered: int = 0


class Escalations:
    """Counts of moves between tiers, and of round trips between teams."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises
        self._all = _Tally()
        self._by_tiers: Counter[tuple[int, int]] = Counter()
        self._entered: Counter[str] = Counter()
        self._round_trips: Counter[str] = Counter()
        self.tickets = self.round_trip_tickets = self.round_trip_seconds = 0
        self.known_visits = self.visits = 0

    def add(self, life: Life) -> None:
        """Count one ticket."""
        held = life.held
        self.visits += len(held)
        self.known_visits += sum(visit.tier is not None for visit in held)
        self._add_round_trip(life, held)
        path = self._promises.path(life.priority, life.type)
        rose = False
        for i, (a, b) in enumerate(pairwise(held)):
            if a.tier is None or b.tier is None or a.tier == b.tier:
                continue
            self._by_tiers[a.tier, b.tier] += 1
            if a.tier > b.tier:
                self._all.lowered += 1
                continue
            rose = True
            self._judge(life, held[i + 1 :], a.tier, path)
        self.tickets += rose
        self._add_entry(life, held, path)

    def _judge(
        self, life: Life, after: list[Visit], left: int, path: tuple[int, ...] | None
    ) -> None:
        """Judge one escalation from tier ``left``; ``after`` are the visits from then on."""
        self._all.escalations += 1
        self._all.judged_by_path += path is not None
        last = after[-1].tier
        if life.ended and last is not None and last <= left:
            self._all.came_back += 1
        elif path is not None and (after[0].tier or 0) > path[-1]:
            self._all.beyond_path += 1

    def _add_entry(self, life: Life, held: list[Visit], path: tuple[int, ...] | None) -> None:
        """Count where the ticket entered against where the policy lets it enter."""
        entered = held[0].tier if held else None
        if entered is None or path is None:
            self._entered["unknown"] += 1
        elif entered == path[0]:
            self._entered["as_policy"] += 1
        elif entered < path[0]:
            self._entered["below"] += 1
        else:
            self._entered["above"] += 1
            last = held[-1].tier
            solved_lower = life.ended and last is not None and last <= path[0]
            self._entered["above_solved_at_or_below_policys_tier"] += solved_lower

    def _add_round_trip(self, life: Life, held: list[Visit]) -> None:
        """Count a ticket that left the team which in the end solved it, and the time in between."""
        if not life.ended or len(held) < 3:  # noqa: PLR2004 (there, away, and back)
            return
        solver = held[-1].team
        first = next(i for i, visit in enumerate(held) if visit.team == solver)
        away = [visit for visit in held[first:] if visit.team != solver]
        if away:
            self.round_trip_tickets += 1
            self.round_trip_seconds += sum(visit.open for visit in away)
            self._round_trips[str(solver)] += 1

    @property
    def basis(self) -> str:
        """What the page can speak of: ``tiers``, or ``teams`` where no tier is known."""
        return "tiers" if self.known_visits else "teams"

    def as_json(self) -> dict[str, Any]:
        """Return the counts."""
        trips = most_first(self._round_trips)
        return {
            "basis": self.basis,
            "visits_with_known_tier": self.known_visits,
            "visits": self.visits,
            "tickets": self.tickets,
            "escalations": self._all.escalations,
            "lowered": self._all.lowered,
            "between_tiers": [
                {"from": a, "to": b, "moves": n} for (a, b), n in sorted(self._by_tiers.items())
            ],
            "unnecessary": {
                "count": self._all.came_back + self._all.beyond_path,
                "came_back_and_was_solved_there": self._all.came_back,
                "beyond_the_policys_path": self._all.beyond_path,
                "with_a_path_known": self._all.judged_by_path,
            },
            "entered": dict(sorted(self._entered.items())),
            "round_trips": {
                "tickets": self.round_trip_tickets,
                "hours_away": hours(self.round_trip_seconds),
                "by_team": [{"team": team, "tickets": n} for team, n in trips],
            },
        }

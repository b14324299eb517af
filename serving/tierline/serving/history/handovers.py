"""Who hands tickets to whom, how often, and what comes straight back."""

from collections import Counter
from itertools import pairwise
from typing import Any, Final

from tierline.serving.history.durations import Durations, hours
from tierline.serving.history.life import Life
from tierline.serving.history.volumes import most_first

#: Chains that are listed; the rest is counted.
_MOST_CHAINS: Final = 100
#: From so many hand-overs on tickets are counted together.
MANY_MOVES: Final = 5


class Handovers:
    """Chains of teams, pairs of teams, and ping-pong: a visit between two to one other team."""

    def __init__(self) -> None:
        self._chains: dict[tuple[str, ...], Durations] = {}
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._flows: Counter[tuple[str, str]] = Counter()
        self._by_moves: dict[int, tuple[Durations, Counter[bool]]] = {}
        self._bounces: Counter[tuple[str, str]] = Counter()
        self._bounced: Counter[tuple[str, str]] = Counter()
        self.tickets = self.moves = self.later = self.bounced_tickets = 0
        self.counted: int | None = None

    def add(self, life: Life) -> None:
        """Count one ticket's moves."""
        teams = tuple(str(visit.team) for visit in life.held)
        took = life.end - life.start
        self._chains.setdefault(teams, Durations()).add(took, life.ended)
        moves = max(len(teams) - 1, 0)
        self.moves += moves
        self.tickets += moves > 0
        self.later += life.later_moves
        if life.counted_moves is not None:
            self.counted = (self.counted or 0) + life.counted_moves
        self._pairs.update(pairwise(teams))
        if moves:
            self._flows[teams[0], teams[-1]] += 1
        many = self._by_moves.setdefault(min(moves, MANY_MOVES), (Durations(), Counter()))
        many[0].add(took, life.ended)
        if life.sla is not None:
            many[1][life.sla] += 1
        self._add_bounces(life)

    def _add_bounces(self, life: Life) -> None:
        held = life.held
        found = False
        for before, visit, after in zip(held, held[1:], held[2:], strict=False):
            if before.team == after.team:
                found = True
                pair = (str(before.team), str(visit.team))
                self._bounces[pair] += 1
                self._bounced[pair] += visit.open
        self.bounced_tickets += found

    def as_json(self) -> dict[str, Any]:
        """Return the counts, the most frequent first."""
        chains = [(teams, took) for teams, took in self._chains.items() if len(teams) > 1]
        chains.sort(key=lambda item: (-len(item[1]), item[0]))
        return {
            "tickets": self.tickets,
            "moves": self.moves,
            "moves_by_the_logs_own_count": self.counted,
            "moves_after_the_end": self.later,
            "different_chains": len(chains),
            "chains": [
                {"teams": list(teams)} | took.as_json() for teams, took in chains[:_MOST_CHAINS]
            ],
            "pairs": [{"from": a, "to": b, "moves": n} for (a, b), n in most_first(self._pairs)],
            "flows": [
                {"entered": a, "ended": b, "tickets": n} for (a, b), n in most_first(self._flows)
            ],
            "by_moves": [
                {"moves": n, "or_more": n == MANY_MOVES}
                | took.as_json()
                | {"sla_kept": kept[True], "sla_known": kept.total()}
                for n, (took, kept) in sorted(self._by_moves.items())
            ],
            "ping_pong": {
                "count": self._bounces.total(),
                "tickets": self.bounced_tickets,
                "hours_away": hours(self._bounced.total()),
                "pairs": [
                    {
                        "team": a,
                        "and_back_from": b,
                        "count": n,
                        "hours_away": hours(self._bounced[a, b]),
                    }
                    for (a, b), n in most_first(self._bounces)
                ],
            },
        }

"""How long teams or tiers hold tickets, and what they do with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tierline.serving.history.durations import Durations, hours
from tierline.serving.history.life import Life, Visit


@dataclass
class _Held:
    tickets: int = 0
    visits: int = 0
    entered: int = 0
    solved: int = 0
    passed_on: int = 0
    raised: int = 0
    waiting: int = 0
    per_ticket: Durations = field(default_factory=Durations)
    before_passing: Durations = field(default_factory=Durations)


class Holders:
    """Time and tickets by holder; ``name`` says who holds during a visit, None who nobody knows."""

    def __init__(self, name: Callable[[Visit], str | None]) -> None:
        self._name = name
        self._held: dict[str, _Held] = {}
        self.unnamed = 0

    def add(self, life: Life) -> None:
        """Count one ticket with everybody who held it."""
        stretches = self._stretches(life)
        self.unnamed += sum(v.open for v in life.visits if self._name(v) is None)
        seconds: dict[str, int] = {}
        raised: set[str] = set()
        for i, (name, visits) in enumerate(stretches):
            held = self._held.setdefault(name, _Held())
            took = sum(visit.open for visit in visits)
            held.visits += 1
            held.entered += i == 0
            held.waiting += sum(visit.waiting for visit in visits)
            seconds[name] = seconds.get(name, 0) + took
            if i + 1 < len(stretches):
                held.passed_on += 1
                held.before_passing.add(took)
                here, there = visits[-1].tier, stretches[i + 1][1][0].tier
                if here is not None and there is not None and here < there:
                    raised.add(name)
        for name, total in seconds.items():
            last = name == stretches[-1][0]
            self._held[name].tickets += 1
            self._held[name].solved += last and life.ended
            self._held[name].raised += name in raised
            self._held[name].per_ticket.add(total, life.ended or not last)

    def _stretches(self, life: Life) -> list[tuple[str, list[Visit]]]:
        """Return the visits, those that follow each other at one holder taken together."""
        stretches: list[tuple[str, list[Visit]]] = []
        for visit in life.visits:
            name = self._name(visit)
            if name is not None and stretches and stretches[-1][0] == name:
                stretches[-1][1].append(visit)
            elif name is not None:
                stretches.append((name, [visit]))
        return stretches

    def as_json(self) -> list[dict[str, Any]]:
        """Return one row per holder, who has most tickets first; times are open hours."""
        total = self.unnamed + sum(held.per_ticket.total for held in self._held.values())
        rows = sorted(self._held.items(), key=lambda item: (-item[1].tickets, item[0]))
        return [self._row(name, held, total) for name, held in rows]

    @staticmethod
    def _row(name: str, held: _Held, total: int) -> dict[str, Any]:
        took = held.per_ticket.total
        return {
            "name": name,
            "tickets": held.tickets,
            "visits": held.visits,
            "entered": held.entered,
            "solved": held.solved,
            "passed_on": held.passed_on,
            "raised": held.raised,
            "time": held.per_ticket.as_json(),
            "hours": hours(took),
            "share_of_time": took / total if total else 0.0,
            "waiting_share": held.waiting / took if took else 0.0,
            "median_hours_before_passing": hours(held.before_passing.quantile(0.5)),
        }

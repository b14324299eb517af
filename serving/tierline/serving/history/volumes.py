"""How many tickets there are: by priority, type, channel and tier, by month and by week."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tierline.serving.history.durations import Durations
from tierline.serving.history.life import Life

_Name = TypeVar("_Name", str, tuple[str, str])
#: What stands for a name that the log doesn't give.
UNNAMED = "not given"


class Volumes:
    """Counts of tickets, by what they are and when they were opened and resolved."""

    def __init__(self) -> None:
        self._by: dict[str, Counter[str]] = {
            name: Counter() for name in ("priority", "tier", "type", "channel")
        }
        self._months: dict[str, Counter[str]] = {}
        self._opened: Counter[str] = Counter()
        self._resolved: Counter[str] = Counter()
        self._took: dict[str, Durations] = {}
        self.took = Durations()

    def add(self, life: Life) -> None:
        """Count one ticket."""
        priority = life.priority or UNNAMED
        entered = next((v.tier for v in life.held), None)
        self._by["priority"][priority] += 1
        self._by["type"][life.type or UNNAMED] += 1
        self._by["channel"][life.channel or UNNAMED] += 1
        self._by["tier"][f"tier {entered}" if entered else UNNAMED] += 1
        opened = datetime.fromtimestamp(life.start, UTC)
        self._months.setdefault(f"{opened:%Y-%m}", Counter())[priority] += 1
        self._opened[_week(opened)] += 1
        if life.ended:
            self._resolved[_week(datetime.fromtimestamp(life.end, UTC))] += 1
        self.took.add(life.end - life.start, life.ended)
        self._took.setdefault(priority, Durations()).add(life.end - life.start, life.ended)

    def as_json(self) -> dict[str, Any]:
        """Return the counts; a week is named by its Monday."""
        tables = {
            f"by_{name}": [{"name": k, "tickets": n} for k, n in order(counter)]
            for (name, counter), order in zip(self._by.items(), _ORDERS, strict=True)
        }
        weeks = sorted({*self._opened, *self._resolved})
        return tables | {
            "by_month": [
                {"month": month, "opened": counts.total(), "by_priority": dict(in_order(counts))}
                for month, counts in sorted(self._months.items())
            ],
            "by_week": [
                {"week": w, "opened": self._opened[w], "resolved": self._resolved[w]} for w in weeks
            ],
            "time_to_resolve": self.took.as_json(),
            "time_by_priority": [
                {"name": name} | took.as_json() for name, took in sorted(self._took.items())
            ],
        }


def _week(at: datetime) -> str:
    return f"{at - timedelta(days=at.weekday()):%Y-%m-%d}"


def in_order(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the counts by name."""
    return sorted(counts.items())


def most_first(counts: Mapping[_Name, int]) -> list[tuple[_Name, int]]:
    """Return the counts, the largest first; equal ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


#: Of priorities, tiers, types and channels: the first two have an order of their own.
_Order = Callable[[Counter[str]], list[tuple[str, int]]]
_ORDERS: tuple[_Order, ...] = (in_order, in_order, most_first, most_first)

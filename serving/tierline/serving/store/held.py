"""Rows that wait in memory while neither the store nor the disk takes them."""

from collections.abc import Sequence
from typing import Final

from tierline.serving.store.remembered import Json

_DECISION: Final = "decisions"


class Held:
    """Rows in order, with ``room`` for so many decisions; versions that they share come once."""

    def __init__(self, room: int) -> None:
        self.items: list[Json] = []
        self._room = room

    @property
    def count(self) -> int:
        """How many decisions are held."""
        return sum(item["kind"] == _DECISION for item in self.items)

    def add(self, items: Sequence[Json]) -> None:
        """Hold more, whether there is room or not: see `trim`."""
        known = {(i["kind"], i["version"]) for i in self.items if "version" in i}
        self.items += [i for i in items if (i["kind"], i.get("version")) not in known]

    def drop(self, count: int) -> None:
        """Forget the first so many rows: someone took them."""
        del self.items[:count]

    def trim(self) -> int:
        """Forget the newest decisions beyond the room; return how many."""
        surplus, left = self.count - self._room, self._room
        if surplus <= 0:
            return 0
        kept = []
        for item in self.items:
            left -= item["kind"] == _DECISION
            if item["kind"] != _DECISION or left >= 0:
                kept.append(item)
        self.items = kept
        return surplus

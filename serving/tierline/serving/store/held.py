"""Decisions that wait in memory while neither the store nor the disk takes them."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from tierline.serving.store.remembered import Json

_DECISION: Final = "decisions"


class Held:
    """Decisions in order, with ``room`` for so many; the versions that they share come once."""

    def __init__(self, room: int) -> None:
        self._decisions: dict[str, Json] = {}
        self._versions: dict[tuple[str, str], Json] = {}
        self._room = room

    @property
    def count(self) -> int:
        """How many decisions are held."""
        return len(self._decisions)

    @property
    def surplus(self) -> int:
        """How many decisions are held beyond the room."""
        return max(self.count - self._room, 0)

    def add(self, items: Sequence[Json]) -> None:
        """Hold more rows, whether there is room or not: see `trim`."""
        for item in items:
            if item["kind"] == _DECISION:
                self._decisions[item["id"]] = item
            else:
                self._versions[item["kind"], item["version"]] = item

    def first(self, decisions: int) -> list[Json]:
        """Return the rows of the first so many decisions, versions before them."""
        found = list(islice(self._decisions.values(), decisions))
        return [*self._versions.values(), *found] if found else []

    def drop(self, items: Sequence[Json]) -> None:
        """Forget the decisions among these rows: someone took them."""
        for item in items:
            self._decisions.pop(item.get("id", ""), None)
        if not self._decisions:
            self._versions.clear()

    def trim(self) -> int:
        """Forget the newest decisions beyond the room; return how many."""
        surplus = self.surplus
        for _ in range(surplus):
            self._decisions.popitem()
        return surplus

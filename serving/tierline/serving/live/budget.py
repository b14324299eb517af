"""How much of callers' requests a server holds at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Held:
    """What one request holds of a budget; nothing once it is ``dropped``."""

    def __init__(self, budget: "Budget") -> None:
        self._budget = budget
        self.size = 0
        self.dropped = False

    def grow(self, size: int) -> bool:
        """Take ``size`` bytes more; return whether there was room, else it is dropped."""
        if self.dropped or not self._budget.make_room(self, size):
            self.drop()
            return False
        self.size += size
        self._budget.left -= size
        return True

    @contextmanager
    def coming(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Until the context ends the request can be dropped for others; ``give_up`` tells it."""
        self._budget.coming[self] = give_up
        try:
            yield
        finally:
            self._budget.coming.pop(self, None)

    def drop(self) -> None:
        """Hold nothing any more."""
        self._budget.left += self.size
        self.size, self.dropped = 0, True


class Budget:
    """Bytes that all requests may hold together; for the event loop's thread only.

    Where nothing is left the largest request that is still coming in is dropped for a smaller one:
    who sends much and never ends can't keep others out. ``coming`` are those that can be dropped.
    """

    def __init__(self, total: int) -> None:
        self.left = total
        self.coming: dict[Held, Callable[[], None]] = {}

    @contextmanager
    def request(self) -> Iterator[Held]:
        """Let a request take bytes until the context ends."""
        held = Held(self)
        try:
            yield held
        finally:
            held.drop()

    def make_room(self, held: Held, size: int) -> bool:
        """Drop larger ones until there is room; return whether there is."""
        while self.left < size:
            largest = max(self.coming, key=lambda one: one.size, default=held)
            if largest.size <= held.size + size:
                return False
            largest.drop()
            self.coming.pop(largest)()
        return True

"""Which tickets of a file are compared: different ones, a bounded number, drawn by a seed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappush, heappushpop
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.data.normalise import full_text
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow
from tierline.data.splitting import fingerprint
from tierline.data.ticket import Ticket

#: Different tickets that each file needs: of fewer, only a change of nearly everything shows.
MIN_TICKETS: Final = 100


@dataclass(frozen=True, eq=False)
class Sample:
    """The tickets that stand for one file, in random order.

    ``keys`` are hashes of what they begin with: equal ones in two samples are near-duplicates.
    ``usable`` counts the file's usable rows, ``different`` those left when every ticket that
    begins like an earlier one is taken out, ``size`` those compared.
    """

    name: str
    tickets: tuple[Ticket, ...]
    keys: tuple[int, ...]
    usable: int
    different: int

    @property
    def size(self) -> int:
        """How many tickets are compared."""
        return len(self.tickets)

    @property
    def repeats(self) -> float:
        """The share of the usable rows that begin like an earlier one, 0 to 1."""
        return 1 - self.different / self.usable

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        counts = {"usable": self.usable, "different": self.different, "compared": self.size}
        return {"file": self.name, **counts}


def draw(
    file: TicketFile,
    most: int,
    seed: int,
    quarantine: Quarantine,
    progress: Callable[[float], None] = lambda _: None,
) -> Sample:
    """Read a file and draw at most ``most`` of its different tickets, in memory for those alone.

    Near-duplicates count once. A monitoring system's hundred mails are one event, and tests that
    took them for a hundred independent tickets would see drift in every such event. Kept are the
    tickets whose seeded hash is smallest: a random draw that doesn't depend on the rows' order.

    Raises:
        InputError: when the file is unusable as a whole or holds fewer than `MIN_TICKETS`
            different tickets.
    """
    usable, seen = 0, set[int]()
    kept: list[tuple[int, Ticket]] = []  # a heap, the largest hash first
    for row in file:
        progress(file.progress)
        if isinstance(row, BadRow):
            quarantine.add(row, file.path)
            continue
        if not full_text(row.ticket):
            quarantine.add(BadRow(row.number, "expected words; the text is empty"), file.path)
            continue
        usable += 1
        key = _key(fingerprint(row), seed)
        if key not in seen:
            seen.add(key)
            push = heappush if len(kept) < most else heappushpop
            push(kept, (-key, row.ticket))
    if len(seen) < MIN_TICKETS:
        raise InputError(
            f"expected at least {MIN_TICKETS} different tickets in {file.path.name}; found "
            f"{len(seen)} in {usable} usable rows. Take a longer period"
        )
    kept.sort(key=lambda pair: -pair[0])
    keys, tickets = (-key for key, _ in kept), (ticket for _, ticket in kept)
    return Sample(file.path.name, tuple(tickets), tuple(keys), usable, len(seen))


def _key(start: str, seed: int) -> int:
    """Return a hash of 63 bits, which numpy's integers hold."""
    digest = hashlib.blake2b(f"{seed}:{start}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1

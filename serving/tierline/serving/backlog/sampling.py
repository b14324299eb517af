"""Draw tickets for blind labelling: a random share of the traffic, to be labelled unseen.

People who see an answer tend to agree with it. Accuracy on tickets labelled without any answer
in sight is the honest figure, so nothing that a model said goes into the file.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tierline.data.errors import InputError
from tierline.data.feedback import Origin
from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.serving.backlog.job import quarantine_path, refuse_inputs
from tierline.serving.backlog.tables import Table, TableFile

#: What a labeller sees. Where the ticket is now may be a model's answer, so it isn't shown.
SHOWN: Final = (
    "id",
    "subject",
    "body",
    "channel",
    "customer_tier",
    "created_at",
    "waited_minutes",
    "attempts",
    "order_value",
)
#: What groups can be made of.
GROUPS: Final = ("channel", "customer_tier", "industry")
_TYPES: Final[dict[str, pa.DataType]] = {
    "created_at": pa.timestamp("us", tz="UTC"),
    "waited_minutes": pa.float64(),
    "attempts": pa.int64(),
    "order_value": pa.float64(),
    "sample_share": pa.float64(),
}
_SCHEMA: Final = pa.schema(
    [
        (name, _TYPES.get(name, pa.string()))
        for name in (*SHOWN, "industry", *HEADS, "origin", "sample_share")
    ]
)
_MAX_GROUPS: Final = 1_000
_BATCH: Final = 256

Group = tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """How much to draw: a share of all tickets (0 to 1), or ``count`` tickets of every group.

    ``by`` names the fields that make a group; without it all tickets are one.
    """

    share: float = 0.02
    count: int | None = None
    seed: int = 13
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := [name for name in self.by if name not in GROUPS]:
            raise InputError(
                f"--by: expected fields of {', '.join(GROUPS)}; found {', '.join(unknown)}"
            )

    def group(self, row: Row) -> Group:
        """Return the row's values of the fields that make a group."""
        fields = {**row.extra, **row.ticket.model_dump(include=set(GROUPS), exclude_none=True)}
        return tuple(str(fields.get(name, "")) for name in self.by)


@dataclass
class Summary:
    """What was drawn, by group: tickets seen and tickets drawn."""

    seen: Counter[Group] = field(default_factory=Counter)
    drawn: Counter[Group] = field(default_factory=Counter)
    quarantined: int = 0


@dataclass(frozen=True)
class Drawn:
    """A ticket with the probability that it had of being drawn: weigh it by the inverse."""

    row: Row
    share: float


def place(row: Row, seed: int) -> float:
    """Return where the ticket stands between 0 and 1: drawn are those that stand lowest.

    It follows from the ticket's id (its words where the file gives none) and the seed alone.
    So a ticket is drawn or not in whichever file, and the tickets of a share are among those of
    any larger share.
    """
    key = f"id:{row.ticket.id}" if row.named else f"text:{full_text(row.ticket)}"
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def sample(
    tickets: TicketFile, out: Path, plan: Plan, progress: Callable[[float, int], None]
) -> Summary:
    """Write the drawn tickets with empty labels, in the order of the file.

    Memory holds one batch of tickets, or ``plan.count`` of every group. ``progress`` is called
    with the share read and the count of tickets seen.

    Raises:
        InputError: when the input or output file is unusable as a whole.
    """
    read = tickets.path.resolve()
    refuse_inputs(out, lambda path: path.resolve() == read)
    summary = Summary()
    with TableFile(out, _SAMPLE) as file, Quarantine(quarantine_path(out)) as quarantine:
        rows = _usable(tickets, quarantine, plan, summary, progress)
        drawn = _by_share(rows, plan) if plan.count is None else _by_count(rows, plan, plan.count)
        while batch := list(islice(drawn, _BATCH)):
            summary.drawn.update(plan.group(d.row) for d in batch)
            file.write(batch)
    summary.quarantined = quarantine.count
    return summary


def _usable(
    tickets: TicketFile,
    quarantine: Quarantine,
    plan: Plan,
    summary: Summary,
    progress: Callable[[float, int], None],
) -> Iterator[Row]:
    for number, row in enumerate(tickets, start=1):
        if isinstance(row, BadRow):
            quarantine.add(row, tickets.path)
        elif not full_text(row.ticket):
            reason = "expected words; the text is empty"
            quarantine.add(BadRow(row.number, reason), tickets.path)
        else:
            summary.seen[plan.group(row)] += 1
            if len(summary.seen) > _MAX_GROUPS:
                raise InputError(
                    f"--by: expected at most {_MAX_GROUPS:,} groups; {', '.join(plan.by)} of "
                    f"{tickets.path.name} make more: name a field with fewer values"
                )
            yield row
        if number % _BATCH == 0:
            progress(tickets.progress, number)


def _by_share(rows: Iterable[Row], plan: Plan) -> Iterator[Drawn]:
    return (Drawn(row, plan.share) for row in rows if place(row, plan.seed) < plan.share)


def _by_count(rows: Iterable[Row], plan: Plan, count: int) -> Iterator[Drawn]:
    """Yield the lowest of every group, each group's share of its tickets with them."""
    lowest: dict[Group, list[tuple[float, int, Row]]] = defaultdict(list)
    seen: Counter[Group] = Counter()
    for row in rows:
        group = plan.group(row)
        seen[group] += 1
        item = (-place(row, plan.seed), -row.number, row)
        if len(lowest[group]) < count:
            heapq.heappush(lowest[group], item)
        else:
            heapq.heappushpop(lowest[group], item)
    drawn = [
        Drawn(row, len(items) / seen[group])
        for group, items in lowest.items()
        for _, _, row in items
    ]
    yield from sorted(drawn, key=lambda d: d.row.number)


def _cells(drawn: Drawn) -> dict[str, Any]:
    ticket = drawn.row.ticket.model_dump(include=set(SHOWN))
    return {
        **{name: ticket[name] for name in SHOWN},
        "id": drawn.row.ticket.id if drawn.row.named else None,
        "industry": drawn.row.extra.get("industry"),
        **dict.fromkeys(HEADS),
        "origin": Origin.BLIND_SAMPLE,
        "sample_share": drawn.share,
    }


_SAMPLE: Final = Table.of_cells(_SCHEMA, _cells)

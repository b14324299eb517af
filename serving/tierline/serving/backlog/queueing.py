"""Read a backlog into the queue, and write the queue to a file."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import Ticket
from tierline.serving.backlog.answering import nameless
from tierline.serving.backlog.job import quarantine_path, refuse_inputs
from tierline.serving.backlog.scored import ScoredAnswers, first_seen
from tierline.serving.backlog.scoring import batches
from tierline.serving.backlog.tables import Table, TableFile
from tierline.serving.policy import Policy
from tierline.serving.queue.entry import Answer, Entry, entry_of
from tierline.serving.queue.queued import Queue, Queued
from tierline.serving.routing.recommend import SEVERITY_EXPECTED, knows_stated
from tierline.serving.routing.router import Router
from tierline.serving.store.deciding import Told, standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

Progress = Callable[[float, int], None]


class _Refused:
    """Where rows go that can't be queued, and which ids are already in the queue."""

    def __init__(self, quarantine: Quarantine, tickets: TicketFile) -> None:
        self._quarantine, self._tickets = quarantine, tickets
        self._rows: dict[str, int] = {}

    def refuse(self, row: Row, reason: str) -> None:
        self._quarantine.add(BadRow(row.number, reason), self._tickets.path)

    def takes(self, row: Row, policy: Policy) -> bool:
        if not knows_stated(policy, row.ticket):
            self.refuse(row, SEVERITY_EXPECTED)
            return False
        return not self._comes_twice(row)

    def apart(self, entry: Entry) -> Entry:
        """Return the entry of a row without an id, under a name that no ticket has for an id."""
        name = entry.id
        while name in self._rows:
            name = f"row {name}"
        return entry if name == entry.id else replace(entry, id=name)

    def _comes_twice(self, row: Row) -> bool:
        if not row.named:
            return False
        name = row.ticket.id or ""
        first = self._rows.setdefault(name, row.number)
        if first != row.number:
            self.refuse(row, f"id: expected every id once; this one is in row {first} already")
        return first != row.number


def read_entries(
    tickets: TicketFile,
    answers: ScoredAnswers | None,
    router: Router,
    now: datetime,
    out: Path,
    progress: Progress,
    store: "Store | None" = None,
) -> tuple[list[Entry], int]:
    """Return the entries of a backlog and the count of rows in quarantine, beside ``out``.

    What people told a ``store`` counts, for answers that were given before, too.

    ``answers`` were given before; without them the router answers, as when scoring. A ticket
    without a date, with an id of its own, counts from when it first stood in the queue that
    ``out`` holds now. A ticket without an answer, with an id that came before, or with a team or
    stated severity that the policy doesn't know is put into quarantine. The row's number stands
    in for an id that isn't there, as ``row 3`` where a ticket has the id 3.

    Raises:
        InputError: when a file is unusable as a whole.
    """
    read = {tickets.path.resolve(), answers.path.resolve() if answers else None}
    refuse_inputs(out, lambda path: path.resolve() in read, "another file than what is read")
    entries: list[Entry] = []
    unnamed: list[int] = []
    seen = first_seen(out)
    with Quarantine(quarantine_path(out)) as quarantine:
        refused = _Refused(quarantine, tickets)
        for batch in batches(tickets, quarantine):
            rows = [row for row in batch if refused.takes(row, router.policy)]
            told = standing(store, [nameless(row) for row in rows], router.policy)
            for row, ticket, answer in _answered(rows, told, answers, router, now):
                if answer is None:
                    refused.refuse(row, "id: expected an answer with this id; found none")
                    continue
                try:
                    # A row's number is no name: another ticket may have stood there.
                    since = seen.get(row.ticket.id or "") if row.named else None
                    entries.append(entry_of(ticket, answer, router.policy, now, told.never, since))
                except ValueError as error:
                    refused.refuse(row, str(error))
                    continue
                if not row.named:
                    unnamed.append(len(entries) - 1)
            progress(tickets.progress, len(entries))
    # Only now are all ids known: a ticket may have the number of a row above it for one.
    for place in unnamed:
        entries[place] = refused.apart(entries[place])
    return entries, quarantine.count


def _answered(
    rows: list[Row], told: Told, answers: ScoredAnswers | None, router: Router, now: datetime
) -> Iterator[tuple[Row, Ticket, Answer | None]]:
    """Yield each row, its ticket as people placed it, under the row's id, and its answer."""
    found: Sequence[Answer | None]
    if answers is None:
        found = [d.recommendation for d in router.decide(told.tickets, now, told.never)]
    else:
        found = [answers.take(row.ticket.id or "") for row in rows]
    for row, ticket, answer in zip(rows, told.tickets, found, strict=True):
        yield row, ticket.model_copy(update={"id": row.ticket.id}), answer


def write_queue(queue: Queue, out: Path, progress: Progress) -> None:
    """Write every ticket's place, in order.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """
    with TableFile(out, _table(queue)) as file:
        for start in range(0, len(queue.tickets), _BATCH):
            file.write(queue.tickets[start : start + _BATCH])
            progress(start / len(queue.tickets), start)


_BATCH: Final = 4_096
_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("rank", pa.int64()),
    ("id", pa.string()),
    ("first", pa.string()),
    ("points", pa.float64()),
    ("why", pa.string()),
    ("tier", pa.int8()),
    ("own_team", pa.string()),
    ("since", pa.timestamp("us", tz="UTC")),
    ("respond_by", pa.timestamp("us", tz="UTC")),
    ("overdue", pa.bool_()),
    ("team", pa.string()),
    ("agent", pa.string()),
    ("way", pa.string()),
    ("waits_for", pa.string()),
    ("reached_by", pa.timestamp("us", tz="UTC")),
    ("in_time", pa.bool_()),
    ("terms", pa.string()),
]
_SCHEMA: Final = pa.schema(_COLUMNS)


def _table(queue: Queue) -> Table[Queued]:
    def typed(queued: Queued) -> Mapping[str, Any]:
        row = queue.row(queued)
        return row | {"terms": json.dumps(row["terms"])}

    def flat(queued: Queued) -> Mapping[str, Any]:
        row = typed(queued)
        times = {name: row[name].isoformat() for name in _TIMES if row[name] is not None}
        return {**row, **times}

    def line(queued: Queued) -> str:
        return json.dumps(queue.row(queued), ensure_ascii=False, default=datetime.isoformat)

    return Table(_SCHEMA, flat, typed, line)


_TIMES: Final = ("since", "respond_by", "reached_by")

"""Score a backlog: stream a file of tickets through the router into a file of answers."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import Ticket
from tierline.serving.backlog.writers import AnswerFile
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.serving.store.deciding import standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

_BATCH: Final = 512


@dataclass
class Summary:
    """What a scoring job did, in counts."""

    answered: int = 0
    quarantined: int = 0
    tiers: Counter[int] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)

    def add(self, answer: Recommendation) -> None:
        """Count one answer."""
        self.answered += 1
        self.tiers[answer.tier] += 1
        self.severities[answer.severity or "unknown"] += 1
        self.rules.update({reason.rule for reason in answer.reasons})
        self.modes[answer.mode] += 1
        if answer.review_reason is not None:
            self.reviews[answer.review_reason] += 1


def quarantine_path(out: Path) -> Path:
    """Return where a job writing to ``out`` puts its bad rows."""
    return out.with_name(out.name + ".quarantine.jsonl")


def score(
    tickets: TicketFile,
    out: Path,
    router: Router,
    now: datetime,
    progress: Callable[[float, int], None],
    store: "Store | None" = None,
) -> Summary:
    """Answer every ticket of a file, in constant memory; ``now`` is one clock for all.

    ``progress`` is called with the share read and the count answered. A ``store`` says which
    tickets people locked, and remembers the answers.

    Raises:
        InputError: when the input or output file is unusable as a whole.
    """
    if out.resolve() == tickets.path.resolve():
        raise InputError(f"--out: expected another file than the tickets; found {out}")
    summary = Summary()
    with AnswerFile(out) as answers, Quarantine(quarantine_path(out)) as quarantine:
        for batch in batches(tickets, quarantine):
            recommendations = _answers(router, store, batch, now)
            answers.write(recommendations)
            for recommendation in recommendations:
                summary.add(recommendation)
            progress(tickets.progress, summary.answered)
    summary.quarantined = quarantine.count
    return summary


def _answers(
    router: Router, store: "Store | None", batch: list[Row], now: datetime
) -> list[Recommendation]:
    tickets = [row.ticket for row in batch]
    if store is None:
        return router.route(tickets, now)
    told = standing(store, [nameless(row) for row in batch], router.policy)
    made = router.decide(told.tickets, now, told.never)
    store.record(made, router.policy, now, wait=True)
    return [
        decision.recommendation.model_copy(update={"id": ticket.id})
        for decision, ticket in zip(made, tickets, strict=True)
    ]


def nameless(row: Row) -> Ticket:
    """Return a row's ticket, without an id where the row's number stands in for one.

    That number is no ticket's name: the store may know another ticket by it.
    """
    return row.ticket if row.named else row.ticket.model_copy(update={"id": None})


def batches(tickets: TicketFile, quarantine: Quarantine) -> Iterator[list[Row]]:
    """Yield the usable rows; put the others into quarantine."""
    batch: list[Row] = []
    for row in tickets:
        if isinstance(row, BadRow):
            quarantine.add(row, tickets.path)
            continue
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch

"""What a scoring job makes of a stretch of its backlog: the bytes that are written of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from tierline.data.errors import TierlineError
from tierline.data.normalise import full_text
from tierline.data.quarantine import quarantine_line
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import Ticket
from tierline.serving.backlog.inputs import Record, Stretch
from tierline.serving.backlog.job import Job
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.tables import Codec
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import SEVERITY_EXPECTED, knows_stated
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision, Router
from tierline.serving.safety import check
from tierline.serving.store.deciding import standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

#: Errors at which trying the rows one by one is no use.
_NO_ROWS_FAULT: Final = (TierlineError, MemoryError)


@dataclass(frozen=True)
class Keeping:
    """Where a job's decisions are kept; each is named by the job and by where its row stands."""

    store: "Store"
    job: Job

    def keep(
        self,
        stretch: Stretch,
        made: Sequence[Decision],
        policy: Policy,
        now: datetime,
        recalled: Collection[int],
    ) -> None:
        """Keep the decisions about a stretch's rows."""
        self.job.begin()
        # The same ids when the stretch is answered again: no decision is kept twice.
        names = list(self._names(stretch))
        self.store.record(made, policy, now, names, wait=True, recalled=recalled)

    def _names(self, stretch: Stretch) -> Iterator[str]:
        """Yield a name for the decision about each row, by where the row stands."""
        job, digests = UUID(self.job.state.id), self.job.state.identity.input
        for record in stretch.records:
            if isinstance(record.row, Row):
                place = f"{record.file}:{digests[record.file]}:{record.row.number}"
                yield str(uuid5(job, place))


@dataclass(frozen=True)
class Answering:
    """Turns a stretch of records into the bytes that are written of it."""

    router: Router
    now: datetime
    codec: Codec[Recommendation]
    keeping: Keeping | None = None

    def __call__(self, stretch: Stretch) -> Chunk:
        """Answer the usable rows; a bad one becomes a line for the quarantine."""
        summary = Summary()
        stretch = self._checked(stretch)
        try:
            answers = self._answers(stretch)
        except _NO_ROWS_FAULT:
            raise
        except Exception as error:
            stretch = self._answerable(stretch, error)
            answers = self._answers(stretch)
        for answer in answers:
            summary.add(answer)
        bad = [
            (r.row, r.file, _alarms(r.row)) for r in stretch.records if isinstance(r.row, BadRow)
        ]
        summary.quarantined = len(bad)
        summary.alarmed = sum(bool(rules) for _, _, rules in bad)
        lines = "".join(quarantine_line(*row) for row in bad)
        return Chunk(
            len(stretch.records),
            self.codec.encode(answers) if answers else b"",
            lines.encode("utf-8", "backslashreplace"),
            summary,
            stretch.share,
            stretch.records[-1].file,
        )

    def _checked(self, stretch: Stretch) -> Stretch:
        """Return the stretch without rows that state a severity that the policy doesn't know."""
        policy = self.router.policy
        records = [
            record._replace(row=_stating_another(record.row))
            if isinstance(record.row, Row) and not knows_stated(policy, record.row.ticket)
            else record
            for record in stretch.records
        ]
        return replace(stretch, records=records)

    def _answerable(self, stretch: Stretch, broke: Exception) -> Stretch:
        """Return the stretch without rows that break: each must cost no other its answer.

        Raises:
            Exception: the one that asked for this, ``broke``, when every row breaks.
        """

        def tried(record: Record) -> Record:
            if not isinstance(record.row, Row):
                return record
            try:
                self._answers(replace(stretch, records=[record]), keep=False)
            except _NO_ROWS_FAULT:
                raise
            except Exception as error:
                # An error's message may quote the ticket.
                reason = f"can't be answered: an error of ours ({type(error).__name__})"
                return record._replace(row=BadRow(record.row.number, reason))
            return record

        left = replace(stretch, records=[tried(record) for record in stretch.records])
        if len(stretch.rows) > 1 and not left.rows:
            raise broke  # what breaks every row is no row's fault: the job breaks off
        return left

    def _answers(self, stretch: Stretch, *, keep: bool = True) -> list[Recommendation]:
        rows, keeping, policy = stretch.rows, self.keeping, self.router.policy
        tickets = [row.ticket for row in rows]
        if keeping is None:
            return self.router.route(tickets, self.now) if tickets else []
        told = standing(keeping.store, [nameless(row) for row in rows], policy)
        made = self.router.decide(told.tickets, self.now, told.never)
        if not keep:
            return []
        keeping.keep(stretch, made, policy, self.now, told.recalled)
        return [
            decision.recommendation.model_copy(update={"id": ticket.id})
            for decision, ticket in zip(made, tickets, strict=True)
        ]


def _stating_another(row: Row) -> BadRow:
    return BadRow(row.number, SEVERITY_EXPECTED, full_text(row.ticket))


def _alarms(row: BadRow) -> tuple[str, ...]:
    """Return the safety rules that fire on what a bad row says: no incident is parked unsaid."""
    try:
        return tuple(hit.rule for hit in check(row.words))
    except Exception:  # the row is put aside anyway, and may cost no other its answer
        return ()


def nameless(row: Row) -> Ticket:
    """Return a row's ticket, without an id where the row's number stands in for one.

    That number is no ticket's name: the store may know another ticket by it.
    """
    return row.ticket if row.named else row.ticket.model_copy(update={"id": None})

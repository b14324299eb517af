"""Score a backlog: stream files of tickets through the router into a file of answers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierline.data.errors import JobError, TierlineError
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.serving.backlog.answering import Answering, Keeping
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job import Job, quarantine_path, refuse_inputs
from tierline.serving.backlog.job_state import Identity
from tierline.serving.backlog.pipeline import in_order
from tierline.serving.backlog.processes import Processes
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.routing.router import Router
from tierline.serving.store.versions import backlog_version

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

__all__ = ["Scoring", "Summary", "batches", "quarantine_path", "score"]
_BATCH: Final = 512


@dataclass(frozen=True)
class Scoring:
    """What a job may be told beside its backlog, router and clock.

    ``options`` says how files are read and what computes the model, ``asked`` what ``--model``
    said and ``source`` where that model lies. ``processes``: how many answer a long backlog, this
    one included; with a store it is this one alone.
    """

    options: Mapping[str, str | None] = field(default_factory=dict)
    asked: str | None = None
    source: str | None = None
    resume: bool = False
    processes: int = 1


def score(
    tickets: TicketFile | Backlog,
    out: Path,
    router: Router,
    now: datetime,
    progress: Callable[[float, int], None],
    store: "Store | None" = None,
    scoring: Scoring = Scoring(),
) -> Summary:
    """Answer every ticket of a backlog, in constant memory; ``now`` is one clock for all.

    A ``store`` says which tickets people locked, and remembers the answers.
    ``progress`` is called with the share read and the count answered.

    Raises:
        InputError: when the input or output file is unusable as a whole.
        JobError: when the job is broken off; what it has done is kept for ``resume``.
    """
    backlog = tickets if isinstance(tickets, Backlog) else Backlog({tickets.path.name: tickets})
    refuse_inputs(out, backlog.holds)
    digests = backlog.digests()
    identity = identity_of(digests, router, now, scoring, store=store is not None)
    with Job(out, identity, source=scoring.source, resume=scoring.resume) as job:
        here = Answering(router, now, job.codec, Keeping(store, job) if store else None)
        left = iter(()) if job.whole else backlog.stretches(job.records)
        work = Processes(here, out, 0 if store else scoring.processes - 1)
        # Closed also when the job breaks off: threads can't be left to whoever collects them.
        chunks = in_order(left, work, 1 if store else work.threads, work.close)
        with closing(chunks):
            commit_all(job, chunks, progress, store)
    return job.summary


def identity_of(
    digests: Mapping[str, str],
    router: Router,
    now: datetime,
    scoring: Scoring,
    *,
    store: bool = False,
) -> Identity:
    """Return what a job is known by, the same for every engine."""
    return Identity(
        input=dict(digests),
        now=now,
        policy=router.policy.version,
        asked=scoring.asked,
        model=router.predictor.version if router.predictor else None,
        options=dict(scoring.options),
        what_if=router.what_if,
        store=store,
        code=backlog_version(),
    )


def commit_all(
    job: Job,
    chunks: Iterator[Chunk],
    progress: Callable[[float, int], None],
    store: "Store | None" = None,
) -> None:
    """Write the chunks as they come, and make the files at the end."""
    try:
        for chunk in chunks:
            if store is not None:
                store.writer.flush()
                if store.writer.holds:
                    folder = store.spool.folder
                    raise job.stopped(f"neither the store nor {folder} takes the decisions")
            job.commit(chunk)
            progress(chunk.share, job.summary.answered)
    except JobError:
        raise
    except TierlineError as error:
        if job.begun:
            raise job.stopped(str(error)) from error
        raise
    job.finish()


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

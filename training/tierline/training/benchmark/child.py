"""One cell, in a process of its own: read, divide, train, answer, measure."""

import json
import os
import re
import traceback
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from tierline.data.corpus import Corpus, read_rows
from tierline.data.errors import TierlineError
from tierline.data.quarantine import Quarantine
from tierline.data.redact import redact
from tierline.training.benchmark.machine import environment
from tierline.training.benchmark.methods import METHODS
from tierline.training.benchmark.outcome import Job, Outcome
from tierline.training.benchmark.parts import divide, parts_digest, shared_beginnings
from tierline.training.benchmark.scores import score
from tierline.training.benchmark.task import Task
from tierline.training.benchmark.watch import Stopwatch, peak_mebibytes
from tierline.training.targets import ABSENT, heads_of

#: Part of a cell's work that is over when training is: what is left is answering.
_TRAINING: Final = 0.9
_MOST_REASON: Final = 300
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")


def main(job_json: str, pipe: Connection) -> None:
    """Run a cell; tell the parent the share done as a number, and at last the outcome."""
    Thread(target=_end_with_parent, daemon=True).start()
    _be_silent()
    job = Job.model_validate_json(job_json)

    def progress(share: float) -> None:
        pipe.send_bytes(json.dumps(share * _TRAINING).encode())

    pipe.send_bytes(outcome_of(job, progress).model_dump_json().encode())
    pipe.close()


def outcome_of(job: Job, progress: Callable[[float], None]) -> Outcome:
    """Run the cell; whatever a library raises fails this cell alone."""
    try:
        return run(job, progress)
    except Exception as error:
        reason = reason_of(error)
        return Outcome(job=job, status="failed", reason=reason, environment=environment())


def run(job: Job, progress: Callable[[float], None]) -> Outcome:
    """Return what came of the cell.

    Raises:
        TierlineError: when the set can't be divided or learnt from.
    """
    task = _task(job)
    parts = task.corpus.parts
    validated = [h.name for h in task.heads if (h.targets(task.validation) != ABSENT).any()]
    watch = Stopwatch(validated, progress)
    answered, notes = METHODS[job.method].load()(task, watch)
    figures, unseen = score(task.heads, task.train, task.test, answered)
    return Outcome(
        job=job,
        status="ok",
        figures=figures,
        rows={name: len(rows) for name, rows in parts.items()},
        unseen=unseen,
        shared=shared_beginnings(parts),
        parts=parts_digest(parts),
        seconds=watch.seconds,
        cpu_seconds=watch.cpu_seconds,
        peak_mebibytes=peak_mebibytes(),
        curve=watch.curve,
        notes=notes,
        environment=environment(),
    )


def _task(job: Job) -> Task:
    """Read the set again: the parent has already said what is wrong with its rows."""
    with TemporaryDirectory() as folder, Quarantine(Path(folder) / "bad.jsonl") as quarantine:
        rows = read_rows([job.path], job.mapping, quarantine)
    corpus = Corpus(divide(rows, job.seed, job.limit), {job.path.name: job.digest})
    return Task(corpus, heads_of(corpus), job.seed, job.encoder, job.setfit_steps)


def reason_of(error: Exception) -> str:
    """Return why a cell failed, without what a library may quote from a ticket."""
    if isinstance(error, TierlineError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = redact(_QUOTED.sub("…", str(error)).partition("\n")[0])[:_MOST_REASON]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}: {said}"


def _end_with_parent() -> None:
    """Don't train on for hours for a parent that was killed."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _be_silent() -> None:
    """Send what libraries print nowhere: it would break the progress bar, and may quote tickets."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

"""The cells of a benchmark, one after the other, each in a fresh process."""

import json
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from tierline.training.benchmark.child import main
from tierline.training.benchmark.machine import environment
from tierline.training.benchmark.methods import METHODS
from tierline.training.benchmark.outcome import Job, Outcome, Results

#: Called with the share done of the cells that are to be run, and the cell at work.
Progress = Callable[[float, Job], None]
CellDone = Callable[[Outcome], None]


def run_cells(
    jobs: Sequence[Job], results: Results, progress: Progress, cell_done: CellDone
) -> tuple[Outcome, ...]:
    """Return the outcome of every job; those already in ``results`` aren't run again."""
    pending = [job for job in jobs if results.done(job) is None]
    for done, job in enumerate(pending):

        def share_done(share: float, done: int = done, job: Job = job) -> None:
            progress((done + share) / len(pending), job)

        share_done(0.0)
        outcome = run_cell(job, share_done)
        results.add(outcome)
        cell_done(outcome)
    return tuple(results[job] for job in jobs)


def run_cell(job: Job, progress: Callable[[float], None]) -> Outcome:
    """Run one cell in a fresh process and return its outcome, whatever becomes of the process."""
    if missing := METHODS[job.method].missing:
        return Outcome(job=job, status="missing", reason=missing, environment=environment())
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=main, args=(job.model_dump_json(), theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        outcome = _listen(ours, progress)
        child.join()
    finally:
        child.kill()
        child.join()
        ours.close()
    reason = _reason(child.exitcode)
    return outcome or Outcome(job=job, status="failed", reason=reason, environment=environment())


def _listen(pipe: Connection, progress: Callable[[float], None]) -> Outcome | None:
    """Return the outcome that the child sends; None when it ends without one."""
    while True:
        try:
            said: Any = json.loads(pipe.recv_bytes())
        except EOFError:
            return None
        if isinstance(said, dict):
            return Outcome.model_validate(said)
        progress(said)


def _reason(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"the process was ended by {name}" + (
            ": was the memory used up?" if name == "SIGKILL" else ""
        )
    return f"the process ended with exit code {exit_code} and no result"

"""Kill a scoring job at seeded statements of what writes it, resume it, and compare.

`python killing.py INPUT FOLDER POINTS SEED [MODEL]` prints one JSON line per format and point:
whether it was killed, how many rows were done, by which model, and whether the
resumed job's files are those of a job that nothing interrupted. Without a model's folder the rules
answer alone. Every run is a fork of this process: a kill is a real SIGKILL.
"""

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tierline.serving import commands
from tierline.serving.backlog import inputs, job, job_state, tables
from tierline.serving.backlog.job import quarantine_path
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.commands import scoring
from tierline.serving.store.versions import backlog_version

NOW = "2025-03-10T12:00"
WATCHED = {module.__file__ for module in (job, job_state, tables)}
inputs._MAX_RECORDS = 4  # type: ignore[misc] # many stretches of few rows


class Statements:
    """Counts the statements that write the job; kills the process before the ``last``-th."""

    def __init__(self, last: int) -> None:
        self.count, self.last = 0, last

    def watch(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``work``, watched: what is done before and after it would only take longer."""

        def watched(*arguments: Any) -> Any:
            sys.settrace(self)
            try:
                return work(*arguments)
            finally:
                sys.settrace(None)

        return watched

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def scored(
    source: Path, out: Path, model: str | None, *options: str, last: int = 0
) -> tuple[int, int]:
    """Score in a fork; return the signal that ended it and the statements it ran."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            statements = Statements(last)
            watched = statements.watch(vars(scoring)["run_score"])
            vars(scoring)["run_score"] = watched
            by = ["--rules-only"] if model is None else ["--model", model]
            arguments = ["score", str(source), "--out", str(out), *by, *options]
            commands.app([*arguments, "--no-what-if"], standalone_mode=False)
            os.write(tell, str(statements.count).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    count = os.read(told, 20)
    os.close(told)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"scoring failed with {options}")
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, int(count or 0)


def main(
    source: Path, folder: Path, suffix: str, points: int, seed: int, model: str | None = None
) -> None:
    """Print what became of each point."""
    whole, out = folder / f"whole{suffix}", folder / "killed" / f"whole{suffix}"
    backlog_version()  # once, not in every fork
    _, count = scored(source, whole, model, "--now", NOW)
    wanted = whole.read_bytes(), quarantine_path(whole).read_bytes()
    for last in sorted(random.Random(seed).sample(range(1, count + 1), points)):  # noqa: S311
        out.parent.mkdir()
        ended, _ = scored(source, out, model, "--now", NOW, last=last)
        left = unfinished(out)
        # The clock is the job's own, unless it had not begun.
        scored(source, out, model, "--resume", *(() if left else ("--now", NOW)))
        found = out.read_bytes(), quarantine_path(out).read_bytes()
        print(
            json.dumps(
                {
                    "format": suffix,
                    "killed": ended == signal.SIGKILL,
                    "rows": left.done.records if left else 0,
                    "model": left.identity.model if left else None,
                    "same": found == wanted,
                    "left": sorted(p.name for p in out.parent.iterdir()),
                }
            )
        )
        shutil.rmtree(out.parent)


if __name__ == "__main__":
    for kind in (".csv", ".jsonl", ".parquet"):
        points, seed = map(int, sys.argv[3:5])
        main(Path(sys.argv[1]), Path(sys.argv[2]), kind, points, seed, *sys.argv[5:])

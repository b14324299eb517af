"""Kill real scoring jobs of a model at random times, resume them, and compare.

`python -m tests.serving.backlog.killing_processes FILE MODEL FOLDER KILLS SEED [COLUMNS]` scores a
file of tickets by `tierline score --model` in a process of its own, once undisturbed and then until
KILLS jobs were killed (SIGKILL) at a random time after they began to answer, each of which is
resumed. COLUMNS are as with `--map`. It prints how many rows were done at each kill and whether the
files are the same bytes in the end, and ends with 1 where any aren't.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tierline.serving.backlog.job_state import state_path, unfinished
from tierline.serving.backlog.scoring import quarantine_path

NOW: Final = "2025-03-10T12:00Z"
#: Short stretches: a few hundred rows are many.
PROGRAM: Final = """
from tierline.serving.backlog import inputs, processes
from tierline.training.cli import main
inputs._MAX_RECORDS, processes._WORTH = 16, 1
main()
"""


class Jobs:
    """Jobs that differ in where they write."""

    def __init__(self, file: Path, model: Path, columns: str) -> None:
        self.begin = [sys.executable, "-c", PROGRAM, "score", str(file), "--model", str(model)]
        self.begin += ["--map", columns] if columns else []

    def start(self, out: Path, *options: str) -> subprocess.Popen[bytes]:
        """Start one; without a state to resume it begins."""
        paths = os.pathsep.join(filter(None, sys.path))
        return subprocess.Popen(
            [*self.begin, "--out", str(out), "--now", NOW, *options],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
        )

    def whole(self, out: Path, *options: str) -> tuple[float, float]:
        """Run one to its end; return after how many seconds it had answered some, and all."""
        begun, first = time.monotonic(), 0.0
        job = self.start(out, *options)
        while job.poll() is None:
            time.sleep(0.02)
            if not first and state_path(out).exists():
                first = time.monotonic() - begun
        if job.returncode != 0:
            raise SystemExit("scoring failed")
        return first, time.monotonic() - begun


def main(jobs: Jobs, folder: Path, kills: int, seed: int) -> int:
    """Print what became of each job; return 1 where one's files are others."""
    rng = random.Random(seed)  # noqa: S311
    whole, out = folder / "whole.csv", folder / "killed" / "whole.csv"
    times, came = jobs.whole(whole), Counter[bool]()
    while came.total() < kills:
        out.parent.mkdir()
        job = jobs.start(out)
        time.sleep(rng.uniform(*times))
        job.kill()
        if job.wait() < 0:
            left = unfinished(out)
            jobs.whole(out, *(["--resume"] if left else []))
            same = written(out) == written(whole)
            came[same] += 1
            print(f"{left.done.records if left else 0} rows done, same bytes: {same}", flush=True)
        shutil.rmtree(out.parent)
    print(f"of {kills} jobs that were killed {came[True]} ended with the same bytes")
    return int(came[False] > 0)


def written(out: Path) -> tuple[bytes, bytes]:
    """Return the answers and the quarantine, which may be absent."""
    aside = quarantine_path(out)
    return out.read_bytes(), aside.read_bytes() if aside.exists() else b""


if __name__ == "__main__":
    file, model, folder = map(Path, sys.argv[1:4])
    sys.exit(main(Jobs(file, model, "".join(sys.argv[6:])), folder, *map(int, sys.argv[4:6])))

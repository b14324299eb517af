"""A local Ray of two actors answers as the local engine does, one of them killed meanwhile.

Only with TIERLINE_TEST_RAY=1: it takes minutes, and Ray listens on all addresses of this machine.
In a network of its own nobody else hears it: `unshare -n sh -c 'ip link set lo up; pytest …'`.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tierline.data.errors import JobError
from tierline.models.runtime import Predictor
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.ray_engine import RayJob, score_on_ray
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.backlog.sources import Sources
from tierline.serving.backlog.summary import Summary
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, NOW, POLICY
from ..nasty import NASTY_JSON
from .object_store import Bucket
from .test_nasty import BODIES, WRITERS

pytest.importorskip("ray", reason="needs tierline[ray]")
pytestmark = [
    pytest.mark.skipif(os.environ.get("TIERLINE_TEST_RAY") != "1", reason="TIERLINE_TEST_RAY=1"),
    # Ray's own.
    pytest.mark.filterwarnings("ignore"),
]
Progress = Callable[[float, int], None]
FILES, ROWS = 20, 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Many files, so that there are many stretches."""
    found = tmp_path / "backlog"
    found.mkdir()
    for file in range(FILES):
        lines = [
            {"body": f"{BREACH if i % 9 == 0 else CALM} {i}", "attempts": -1 if i % 7 == 3 else 1}
            for i in range(ROWS)
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (found / f"{file}.jsonl").write_text(text)
    return found


def silent(_: float, __: int) -> None:
    """Hear of no progress."""


def on_ray(
    place: str,
    out: Path,
    router: Router,
    progress: Progress = silent,
    *,
    bundle: Path | None = None,
    resume: bool = False,
) -> Summary:
    work = RayJob(Sources.of(place, {}), router, bundle, NOW, workers=2)
    return score_on_ray(work, out, progress, Scoring(resume=resume))


def locally(
    place: Path, out: Path, router: Router, progress: Progress = silent, *, resume: bool = False
) -> Summary:
    return score(Backlog.of(place, {}), out, router, NOW, progress, None, Scoring(resume=resume))


def written(out: Path) -> tuple[bytes, bytes]:
    return out.read_bytes(), quarantine_path(out).read_bytes()


def actors() -> Iterator[psutil.Process]:
    """Yield the processes that hold actors; their titles say what they do."""
    for process in psutil.Process().children(recursive=True):
        if "MapWorker(MapBatches(Actor))" in title(process):
            yield process


def title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


class Killing:
    """Kills an actor in the middle of a stretch, once, when the first stretch is written."""

    def __init__(self) -> None:
        self.killed: list[int] = []
        self.heard: list[int] = []
        self.after: set[int] = set()

    def __call__(self, _: float, count: int) -> None:
        self.heard.append(count)
        if not self.killed:
            self.kill()
        self.after |= {process.pid for process in actors()}

    def kill(self) -> None:
        """Stop an actor, see that it was at work, and only then kill it."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for process in actors():
                process.suspend()
                if ".submit" in title(process):
                    os.kill(process.pid, signal.SIGKILL)
                    self.killed.append(process.pid)
                    return
                process.resume()
            time.sleep(0.001)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_an_actor_is_killed_at_work(tmp_path: Path, folder: Path, suffix: str) -> None:
    local, out = tmp_path / f"local{suffix}", tmp_path / f"ray{suffix}"
    router, kill = Router(POLICY), Killing()
    made = locally(folder, local, router)
    place = folder.as_uri() if suffix == ".parquet" else str(folder)
    told = on_ray(place, out, router, kill)
    assert written(out) == written(local)
    assert told == made
    (killed,) = kill.killed
    # The job went on, and another process took the dead one's place.
    assert len(kill.heard) == FILES
    assert len(kill.after - {killed}) == 2


def test_a_job_that_ends_every_actor_breaks_off(tmp_path: Path, folder: Path) -> None:
    from ray.data import DataContext

    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    router, over = Router(POLICY), threading.Event()

    def kill_all() -> None:
        while not over.wait(0.01):
            for process in actors():
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    killer = threading.Thread(target=kill_all)

    def begin_to_kill(_: float, __: int) -> None:
        if not killer.is_alive():
            killer.start()

    DataContext.get_current().execution_no_progress_timeout_s = 15
    try:
        with pytest.raises(JobError, match=r"Ray stopped \(ExecutionTimeoutError\)"):
            on_ray(str(folder), out, router, begin_to_kill)
    finally:
        over.set()
        killer.join()
        DataContext.get_current().execution_no_progress_timeout_s = 1_800
    locally(folder, whole, router)
    locally(folder, out, router, resume=True)
    assert written(out) == written(whole)


def test_nasty_texts(tmp_path: Path) -> None:
    folder = tmp_path / "nasty"
    folder.mkdir()
    for suffix, write in WRITERS.items():
        write(folder / f"in{suffix}")
    (folder / "lines.jsonl").write_bytes(b'{"body": "x"}\n' + b"\n".join(NASTY_JSON))
    local, out = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    router = Router(POLICY)
    router.what_if = False
    made = locally(folder, local, router)
    assert made.answered + made.quarantined == 3 * len(BODIES) + 1 + len(NASTY_JSON)
    assert on_ray(str(folder), out, router) == made
    assert written(out) == written(local)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_an_object_store(tmp_path: Path, folder: Path, bucket: Bucket, suffix: str) -> None:
    (folder / "d e").mkdir()
    for kind, write in WRITERS.items():
        write(folder / "d e" / f"who? 100%{kind}")
    (folder / "_SUCCESS").touch()
    bucket.put_folder(folder, "in")
    local, out = tmp_path / f"local{suffix}", tmp_path / f"ray{suffix}"
    router = Router(POLICY)
    router.what_if = False
    made = locally(folder, local, router)
    assert made.answered + made.quarantined == FILES * ROWS + 3 * len(BODIES)
    assert on_ray(bucket.url("in"), out, router) == made
    assert written(out) == written(local)


def stop(_: float, count: int) -> None:
    if count > FILES * ROWS // 3:
        raise KeyboardInterrupt


def test_a_model_whose_job_one_engine_began_and_the_other_ends(
    tmp_path: Path, folder: Path, trained: Trained, predictor: Predictor
) -> None:
    whole, mine, theirs = (tmp_path / f"{name}.csv" for name in ("whole", "mine", "theirs"))
    router = Router(POLICY, predictor)
    assert locally(folder, whole, router).modes.keys() == {"full"}
    with pytest.raises(KeyboardInterrupt):
        on_ray(str(folder), mine, router, stop, bundle=trained.out)
    with pytest.raises(KeyboardInterrupt):
        locally(folder, theirs, router, stop)
    for out in (mine, theirs):
        left = unfinished(out)
        assert left is not None
        assert 0 < left.done.records < FILES * ROWS
    locally(folder, mine, router, resume=True)
    on_ray(str(folder), theirs, router, bundle=trained.out, resume=True)
    assert written(mine) == written(theirs) == written(whole)


def test_a_file_that_is_broken(tmp_path: Path, folder: Path) -> None:
    (folder / "9.jsonl").write_text('{"words": "x"}\n')
    with pytest.raises(JobError, match=r"expected a column 'body'.*1,140 rows are done and kept"):
        on_ray(str(folder), tmp_path / "out.csv", Router(POLICY))

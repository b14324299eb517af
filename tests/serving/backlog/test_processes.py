"""Several processes answer as one does; those that can't or die cost nothing but speed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any

import psutil
import pytest

from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime import Predictor
from tierline.serving.backlog import inputs, processes, wire
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.inputs import Record, Stretch
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.processes import Processes
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.backlog.summary import Chunk
from tierline.serving.backlog.writers import answer_codec
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, NOW, POLICY, default_dict, policy_with

ROWS: list[dict[str, Any]] = [
    {"id": f"t{i}", "body": f"{BREACH if i % 5 == 0 else CALM} {i}", "attempts": i % 7 - 1}
    for i in range(120)
]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Many short stretches, worth other processes from the first on."""
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 6)
    monkeypatch.setattr(processes, "_WORTH", 1)
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def nobody_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes answer everything; where none starts this one does, so that tests end."""
    monkeypatch.setattr(processes, "_HERE", 0)
    start = Processes._start

    def checked(work: Processes) -> None:
        start(work)
        if work._free.empty() and not any(p._popen.poll() is None for p in work._processes):
            work._free.put(None)

    monkeypatch.setattr(Processes, "_start", checked)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records other processes answered, chunk by chunk."""
    found: list[int] = []
    answer = processes._Process.answer

    def counting(process: processes._Process, stretch: bytes) -> Chunk | None:
        chunk = answer(process, stretch)
        found.append(chunk.records if chunk else 0)
        return chunk

    monkeypatch.setattr(processes._Process, "answer", counting)
    return found


def no(_: float, __: int) -> None:
    """Hear of no progress."""


def run(source: Path, out: Path, router: Router, many: int) -> tuple[bytes, bytes]:
    """Return the answers and the quarantine of a job that as many processes did."""
    before = set(psutil.Process().children())
    score(TicketFile(source), out, router, NOW, no, None, Scoring(processes=many))
    assert set(psutil.Process().children()) <= before
    return out.read_bytes(), quarantine_path(out).read_bytes()


@pytest.mark.usefixtures("nobody_here")
def test_what_is_not_sent_is_answered_here(
    tmp_path: Path, source: Path, answered: list[int]
) -> None:
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    for line in lines[10:13]:
        line["created_at"] = "2025-03-10T10:00:00+00:00:30"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "_HERE", 2)
        alone = run(source, tmp_path / "alone.csv", Router(POLICY), 1)
    assert run(source, tmp_path / "others.csv", Router(POLICY), 2) == alone
    assert 0 < sum(answered) < len(ROWS)


@pytest.mark.usefixtures("nobody_here")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_others_answer_alike(
    tmp_path: Path, source: Path, trained: Trained, answered: list[int], suffix: str
) -> None:
    router = Router(POLICY, Predictor.load(trained.out, threads=1))
    here, others = tmp_path / f"here{suffix}", tmp_path / f"others{suffix}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "_HERE", 2)
        alone = run(source, here, router, 1)
    assert answered == []
    assert run(source, others, router, 3) == alone
    assert sum(answered) == len(ROWS)


@pytest.mark.usefixtures("nobody_here")
def test_they_go_by_this_policy_and_what_it_asks(
    tmp_path: Path, source: Path, answered: list[int]
) -> None:
    tiers = default_dict()["tiers"]
    tiers["1"]["owner"] = "first-line"
    router = Router(policy_with(tiers=tiers))
    router.what_if = False
    others = run(source, tmp_path / "others.jsonl", router, 2)
    assert sum(answered) == len(ROWS)
    found = [json.loads(line) for line in others[0].splitlines()]
    assert "first-line" in {answer["owner"] for answer in found}
    assert all(answer["would_change"] == [] for answer in found)
    assert {answer["policy_version"] for answer in found} == {router.policy.version}


@pytest.mark.parametrize("worth", [1, 4 * len(ROWS)])
def test_a_short_backlog_is_answered_here(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    started = []

    def noted(work: Processes) -> None:
        started.append(work)

    monkeypatch.setattr(processes, "_WORTH", worth)
    monkeypatch.setattr(Processes, "_start", noted)
    run(source, tmp_path / "out.csv", Router(POLICY), 8)
    assert len(started) == (7 if worth == 1 else 0)


class Patient(Router):
    """Answers once the other processes have failed, or have had half a minute to."""

    def __init__(self, failed: Event) -> None:
        super().__init__(POLICY)
        self._failed = failed

    def route(self, tickets: Sequence[Ticket], now: datetime) -> list[Recommendation]:
        assert self._failed.wait(30)
        return super().route(tickets, now)


def then(work: Callable[..., Any], done: Event) -> Callable[..., Any]:
    """Return work that says when it has ended, however it does."""

    def told(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        finally:
            done.set()

    return told


def killed(process: processes._Process, _: bytes) -> Chunk | None:
    process._popen.kill()
    process._popen.wait()
    return ANSWER(process, b"{}")


ANSWER = processes._Process.answer
TOLD = wire.told_bytes
#: What fails: an attribute, and what stands in for it. The last two fail when they are to start.
SPOILT: dict[str, tuple[Any, str, Any]] = {
    "killed": (processes._Process, "answer", killed),
    "can't read": (processes, "stretch_bytes", lambda _: b"no JSON"),
    "can't be read": (processes._Process, "_ask", lambda *_: [b"no JSON", b"", b""]),
    "no program": (sys, "executable", "/nowhere/python"),
    "other versions": (
        processes,
        "told_bytes",
        lambda told: TOLD(replace(told, versions=("another", *told.versions[1:]))),
    ),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_where_they_fail_this_process_answers(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    alone = run(source, tmp_path / "alone.csv", Router(POLICY), 1)
    monkeypatch.setattr(processes, "_HERE", 1)
    failed = Event()
    with monkeypatch.context() as patch:
        patch.setattr(*SPOILT[spoil])
        if spoil in {"no program", "other versions"}:
            patch.setattr(Processes, "_start", then(Processes._start, failed))
        else:
            patch.setattr(processes._Process, "answer", then(processes._Process.answer, failed))
        assert run(source, tmp_path / "out.csv", Patient(failed), 2) == alone


@pytest.mark.usefixtures("nobody_here")
def test_a_job_that_breaks_off_leaves_nobody(tmp_path: Path, source: Path) -> None:
    before = set(psutil.Process().children())

    def breaking(share: float, count: int) -> None:
        assert set(psutil.Process().children()) - before
        raise KeyboardInterrupt

    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        score(TicketFile(source), out, Router(POLICY), NOW, breaking, None, Scoring(processes=3))
    assert set(psutil.Process().children()) <= before
    assert unfinished(out) is not None


def test_who_waits_when_the_others_are_ended_gives_up(tmp_path: Path) -> None:
    """Two stretches are answered here at once; the third waits for its turn."""
    begun, go_on = Semaphore(0), Event()

    class Slow(Router):
        def route(self, tickets: Sequence[Ticket], now: datetime) -> list[Recommendation]:
            begun.release()
            assert go_on.wait(30)
            return super().route(tickets, now)

    out = tmp_path / "out.csv"
    work = Processes(Answering(Slow(POLICY), NOW, answer_codec(out)), out, 0)
    row = Row(1, Ticket(id="a", body=CALM))
    asked = Stretch(0, [Record("f.csv", row)], 1.0)
    with ThreadPoolExecutor(3) as pool:
        first = [pool.submit(work, asked) for _ in range(2)]
        assert begun.acquire(timeout=30)
        assert begun.acquire(timeout=30)
        third = pool.submit(work, asked)
        work.close()
        go_on.set()
        assert [future.result(30).records for future in first] == [1, 1]
        with pytest.raises(EOFError):
            third.result(30)


def test_the_end_waits_for_those_that_are_just_being_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_WORTH", 1)
    monkeypatch.setattr(Processes, "_start", lambda _: None)
    out = tmp_path / "out.csv"
    work = Processes(Answering(Router(POLICY), NOW, answer_codec(out)), out, 1)
    asked = Stretch(0, [Record("f.csv", Row(1, Ticket(id="a", body=CALM)))], 0.01)
    ended: list[Future[None]] = []

    class Slow(Thread):
        def start(self) -> None:
            ended.append(pool.submit(work.close))
            # It must wait for this one; where it doesn't, it has failed by then.
            wait(ended, 0.2)
            super().start()

    monkeypatch.setattr(processes, "Thread", Slow)
    with ThreadPoolExecutor(1) as pool:
        work._start_for(asked)
        ended[0].result(30)


#: What is started in a shell's background ignores Ctrl-C, and so does all that it starts.
PROGRAM = """
import signal
from tierline.serving.backlog import inputs, processes
from tierline.training.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
inputs._MAX_RECORDS, processes._WORTH = 6, 1
main()
"""


@pytest.fixture
def started(tmp_path: Path, source: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `tierline score` with three processes, in a session of its own."""
    running = []

    def start(out: Path, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM, "score", str(source), "--rules-only"]
        command += ["--out", str(out), "--now", NOW.isoformat(), "--workers", "3", *options]
        paths = os.pathsep.join(filter(None, sys.path))
        running.append(
            subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": paths},
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_they_end_with_the_job(
    tmp_path: Path, source: Path, started: Callable[..., subprocess.Popen[bytes]], name: str
) -> None:
    """Ctrl-C reaches the whole group; a kill only the job."""
    many = "".join(json.dumps({"body": f"{CALM} {i}"}) + "\n" for i in range(20_000))
    source.write_text(many, encoding="utf-8")
    out, how = tmp_path / "out.csv", getattr(signal, name)
    job = started(out)
    _until(lambda: len(psutil.Process(job.pid).children()) == 2)
    children = psutil.Process(job.pid).children()
    _until(lambda: unfinished(out))
    if how == signal.SIGINT:
        os.killpg(job.pid, how)
    else:
        os.kill(job.pid, how)
    job.wait(30)
    _until(lambda: not any(map(_runs, children)))
    assert unfinished(out) is not None


def _runs(process: psutil.Process) -> bool:
    """Whether it runs; one that only waits to be reaped by somebody doesn't."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value

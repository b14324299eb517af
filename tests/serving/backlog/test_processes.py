"""Several processes answer as one does; those that can't or die cost nothing but speed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import CustomerTier, HandAssessment, Ticket
from tierline.models.runtime import Predictor
from tierline.models.runtime.bundle import Bundle
from tierline.serving.backlog import answering_process, inputs, processes, wire
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.inputs import Record, Stretch
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.processes import Processes
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.wire import Told
from tierline.serving.backlog.writers import answer_codec
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.serving.store.versions import code_version
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


# -- what is sent ---------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=40)
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
tickets = st.builds(
    Ticket,
    id=st.none() | texts,
    subject=texts,
    body=texts,
    customer_tier=st.none() | st.sampled_from(CustomerTier),
    created_at=st.none() | st.datetimes(timezones=zones) | st.datetimes(),
    waited_minutes=st.none() | st.floats(0, 5_000_000),
    order_value=st.none() | st.floats(0, allow_infinity=False),
    attempts=st.none() | st.integers(0, 1_000_000),
    locked_by_human=st.booleans(),
    assessment=st.none() | st.builds(HandAssessment, business_risk=st.none() | st.integers(0, 3)),
)
rows = st.builds(Row, st.integers(1), tickets, extra=st.dictionaries(texts, texts, max_size=2))
records = st.builds(Record, texts, rows | st.builds(BadRow, st.integers(1), texts))
stretches = st.builds(Stretch, st.integers(0), st.lists(records, max_size=5), st.floats(0, 1))


@settings(deadline=None)
@given(stretches)
def test_a_stretch_arrives_as_it_was(stretch: Stretch) -> None:
    found = wire.stretch_from(wire.stretch_bytes(stretch))
    assert found == stretch
    assert [r.row for r in found.records] == [r.row for r in stretch.records]
    assert [row.named for row in found.rows] == [row.named for row in stretch.rows]


@pytest.mark.parametrize("zone", ["00:00:30", "00:19:32"])
def test_a_time_that_json_would_cut_is_not_sent(tmp_path: Path, zone: str) -> None:
    """Before 1937 Amsterdam was 19 minutes and 32 seconds ahead."""
    odd = datetime.fromisoformat(f"1900-01-01T00:00+{zone}")
    row = Row(1, Ticket(body=CALM, created_at=odd))
    with pytest.raises(ValueError, match="seconds"):
        wire.stretch_bytes(Stretch(0, [Record("f.csv", row)], 1.0))
    with pytest.raises(ValueError, match="seconds"):
        wire.told_bytes(replace(told(tmp_path / "out.csv"), now=odd))


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


@settings(deadline=None)
@given(st.binary(max_size=50), st.binary(max_size=50), st.floats(0, 1), st.none() | texts)
def test_a_chunk_arrives_as_it_was(
    answers: bytes, aside: bytes, share: float, last: str | None
) -> None:
    summary = Summary(answered=3)
    summary.tiers[2] += 3
    summary.rules["entry.default"] += 1
    chunk = Chunk(4, answers, aside, summary, share, last)
    assert wire.chunk_from(wire.chunk_parts(chunk)) == chunk


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=20), max_size=3), max_size=4))
def test_messages_keep_their_parts(messages: list[list[bytes]]) -> None:
    stream = io.BytesIO()
    for parts in messages:
        wire.send(stream, *parts)
    stream.seek(0)
    assert [wire.receive(stream) for _ in messages] == messages
    with pytest.raises(EOFError):
        wire.receive(stream)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=20), st.data())
def test_half_a_message_is_none(part: bytes, data: st.DataObject) -> None:
    stream = io.BytesIO()
    wire.send(stream, part)
    cut = data.draw(st.integers(0, len(stream.getvalue()) - 1))
    with pytest.raises(EOFError):
        wire.receive(io.BytesIO(stream.getvalue()[:cut]))


# -- what answers ---------------------------------------------------------------------------------


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


def test_what_waits_when_a_job_breaks_off_is_not_answered(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes while the job waits for an answer: only what is being answered is waited for."""
    monkeypatch.setattr(Processes, "_start_for", lambda *_: None)
    answers: list[int] = []

    class Interrupted(Router):
        def route(self, asked: Sequence[Ticket], now: datetime) -> list[Recommendation]:
            answers.append(len(asked))
            time.sleep(0.5)
            raise KeyboardInterrupt

    out, work = tmp_path / "o.csv", Scoring(processes=9)
    with pytest.raises(KeyboardInterrupt):
        score(TicketFile(source), out, Interrupted(POLICY), NOW, no, None, work)
    assert len(answers) <= 4


# -- the other side -------------------------------------------------------------------------------


class Broken(Router):
    """Fails at every ticket."""

    def route(self, *_: Any) -> Any:
        raise ZeroDivisionError


def told(out: Path, version: str = POLICY.version) -> Told:
    content = POLICY.model_dump(mode="json")
    return Told(content, None, True, NOW, str(out), (code_version(), version, None))


def talk(*parts: bytes) -> list[list[bytes]]:
    """Return the messages with which the other side answers."""
    asked, said = io.BytesIO(), io.BytesIO()
    for part in parts:
        wire.send(asked, part)
    asked.seek(0)
    with suppress(EOFError):
        answering_process.serve(asked, said)
    said.seek(0)
    found = []
    with suppress(EOFError):
        while True:
            found.append(wire.receive(said))
    return found


def stretch() -> Stretch:
    row = Row(1, Ticket(id="a", body=BREACH))
    return Stretch(0, [Record("f.csv", row), Record("f.csv", BadRow(2, "no words"))], 1.0)


def test_it_answers_what_it_is_asked(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    first = wire.told_bytes(told(out))
    ready, chunk = talk(first, wire.stretch_bytes(stretch()))
    assert ready == [b"ready"]
    assert wire.chunk_from(chunk) == Answering(Router(POLICY), NOW, answer_codec(out))(stretch())


def test_an_error_is_told_without_words_and_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wire.told_bytes(told(tmp_path / "out.csv"))
    monkeypatch.setattr(answering_process, "Router", Broken)
    two = replace(stretch(), records=[*stretch().records, *stretch().records])
    asked = wire.stretch_bytes(two)
    assert talk(first, asked, b"no JSON", asked) == [[b"ready"], [], [], []]


class Failing(Predictor):
    """A model that loads and then fails."""

    def predict(self, *_: Any, **__: Any) -> Any:
        raise MemoryError


def test_a_model_that_fails_there_is_asked_here(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wire.stretch_bytes(stretch())
    versions = code_version(), POLICY.version, Bundle.load(trained.out).manifest.version
    by = replace(told(tmp_path / "out.csv"), bundle=str(trained.out), versions=versions)
    assert len(talk(wire.told_bytes(by), asked)[1]) == 3
    monkeypatch.setattr(answering_process, "Predictor", Failing)
    assert talk(wire.told_bytes(by), asked) == [[b"ready"], []]


def test_it_runs_no_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering_process, "code_version", lambda: "another")
    with pytest.raises(SystemExit):
        talk(wire.told_bytes(told(tmp_path / "out.csv")))


def test_it_serves_no_other_policy(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        talk(wire.told_bytes(told(tmp_path / "out.csv", "another-0123")))


# -- real commands --------------------------------------------------------------------------------

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

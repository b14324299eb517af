"""A job that is killed anywhere and resumed leaves the files of one that nothing interrupted."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError, JobError
from tierline.data.readers import TicketFile
from tierline.data.ticket import Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.serving.backlog import inputs
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job import Job
from tierline.serving.backlog.job_state import state_path, unfinished
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, NOW, POLICY, policy_with, predictor

ROWS: list[dict[str, Any]] = [
    {"id": f"t{i}", "body": BREACH if i % 5 == 0 else CALM, "attempts": -1 if i % 7 == 3 else 1}
    for i in range(26)
]
KILLED = Path(__file__).with_name("killing.py")
RESUMED = Scoring(resume=True)


@pytest.fixture(autouse=True)
def _small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 4)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "in.jsonl")


def write(path: Path, rows: Sequence[dict[str, Any]] = ROWS) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Failing(Router):
    """Stops with an error when it has answered ``most`` times."""

    def __init__(self, error: BaseException, most: int = 2) -> None:
        super().__init__(POLICY)
        self.error, self.left = error, most

    def route(self, tickets: Sequence[Ticket], now: datetime) -> list[Recommendation]:
        self.left -= 1
        if self.left < 0:
            raise self.error
        return super().route(tickets, now)


def run(
    source: Path,
    out: Path,
    router: Router | None = None,
    scoring: Scoring = RESUMED,
    now: datetime = NOW,
) -> None:
    score(TicketFile(source), out, router or Router(POLICY), now, lambda *_: None, None, scoring)


def files(out: Path) -> tuple[bytes, bytes]:
    return out.read_bytes(), quarantine_path(out).read_bytes()


def killed(source: Path, folder: Path, points: int, *model: str) -> list[dict[str, Any]]:
    """Kill as many jobs for each format of the output; none may leave another trace."""
    command = [sys.executable, str(KILLED), str(source), str(folder), str(points), "11", *model]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 3 * points
    for point in found:
        name = f"whole{point['format']}"
        assert (point["killed"], point["same"]) == (True, True), point
        assert point["left"] == [name, f"{name}.quarantine.jsonl"]
    return found


def test_killed_at_seeded_points(tmp_path: Path, source: Path) -> None:
    """21 real SIGKILLs, 7 by format of the output, each before a statement that writes."""
    assert len({point["rows"] for point in killed(source, tmp_path, 7)}) > 2


def test_killed_with_a_model(tmp_path: Path, source: Path, trained: Trained) -> None:
    """6 more, of jobs that a model answers."""
    found = killed(source, tmp_path, 2, str(trained.out.resolve()))
    assert len({point["rows"] for point in found}) > 2
    assert {point["model"] for point in found if point["rows"]} == {
        Bundle.load(trained.out).manifest.version
    }


def broken_off(source: Path, out: Path, router: Router | None = None) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(source, out, router or Failing(KeyboardInterrupt()), Scoring())
    assert unfinished(out) is not None


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_torn_write_is_cut_off(tmp_path: Path, source: Path, suffix: str) -> None:
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    run(source, whole)
    broken_off(source, out)
    for path in (out, quarantine_path(out)):
        with path.with_name(path.name + ".part").open("ab") as file:
            file.write(b"torn")
    run(source, out)
    assert files(out) == files(whole)


def test_what_is_kept_must_be_there(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out.csv"
    broken_off(source, out)
    (tmp_path / "out.csv.part").write_bytes(b"")
    with pytest.raises(InputError, match=r"bytes in .*out\.csv\.part; found 0"):
        run(source, out)


def test_another_job_is_not_resumed(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out.csv"
    broken_off(source, out)
    before = state_path(out).read_bytes()
    later = NOW + timedelta(hours=1)
    changes: dict[str, dict[str, Any]] = {
        "--now: it began with 2025-03-10T12:00:00": {"now": later},
        "policy: it began with": {"router": Router(policy_with(currency="NOK"))},
        "model version: it began with None; found fake": {"router": Router(POLICY, predictor())},
        "--model: it began with None; found x": {"scoring": Scoring(asked="x", resume=True)},
        "--map: it began with None; found body=b": {
            "scoring": Scoring({"map": "body=b"}, resume=True)
        },
    }
    for said, change in changes.items():
        with pytest.raises(InputError, match="this one differs") as refused:
            run(source, out, **change)
        assert said in str(refused.value)
    write(source, ROWS[:-1])
    with pytest.raises(InputError, match=r"in\.jsonl isn't the file that it was"):
        run(source, out)
    assert state_path(out).read_bytes() == before


def test_a_job_that_was_broken_off_is_not_lost(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out.csv"
    broken_off(source, out)
    with pytest.raises(InputError, match=r"broken off after \d+ rows. Go on with --resume"):
        run(source, out, None, Scoring())
    state_path(out).unlink()
    run(source, out, None, Scoring())
    run(source, tmp_path / "whole.csv")
    assert files(out) == files(tmp_path / "whole.csv")


def test_two_jobs_never_write_one_file(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out.csv"
    broken_off(source, out)
    before = unfinished(out)
    assert before is not None
    with (
        Job(out, before.identity, resume=True),
        pytest.raises(InputError, match="another job is writing"),
    ):
        run(source, out)


def test_a_full_disk_keeps_what_is_done(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    run(source, whole)
    room = [4 * len(whole.read_bytes()) // 7]
    write_bytes = os.write

    def limited(file: int, content: bytes) -> int:
        """Like a disk with room for some bytes: the last write is cut short, then none."""
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = write_bytes(file, content[: room[0]])
        room[0] -= taken
        return taken

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", limited)
        with pytest.raises(JobError, match=r"No space left on device.* are done and kept: put"):
            run(source, out)
    kept = unfinished(out)
    assert kept is not None
    assert 0 < kept.done.records < len(ROWS)
    assert not out.exists()
    run(source, out)
    assert files(out) == files(whole)


def test_a_full_disk_at_the_end(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    run(source, whole)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
        with pytest.raises(JobError, match=r"No space left on device\. 26 rows are done and kept"):
            run(source, out)
    run(source, out)
    assert files(out) == files(whole)
    assert {p.name for p in tmp_path.glob("out*")} == {out.name, quarantine_path(out).name}


def test_an_input_that_breaks_in_the_middle(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    run(source, whole)

    def lines(self: TicketFile, file: Any) -> Any:
        yield from list(file)[:14]
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(TicketFile, "_lines", lines)
        with pytest.raises(JobError, match=r"in\.jsonl can't be read \(.*12 rows are done") as told:
            run(source, out)
    assert "run the same command with --resume" in str(told.value)
    run(source, out)
    assert files(out) == files(whole)


def test_a_folder_is_read_by_its_files_names(tmp_path: Path) -> None:
    folder = tmp_path / "backlog"
    (folder / "b").mkdir(parents=True)
    write(folder / "b" / "2.jsonl", ROWS[:3])
    write(folder / "a.jsonl", [{"body": BREACH}, {"body": []}, {"id": "x", "body": CALM}])
    for name in ("_SUCCESS", ".a.crc", "notes.txt"):
        (folder / name).write_text("no tickets")
    backlog, out = Backlog.of(folder, {}), tmp_path / "out.jsonl"
    assert backlog.left_out == ["notes.txt"]
    found = score(backlog, out, Router(POLICY), NOW, lambda *_: None)
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [a["id"] for a in answers] == ["a.jsonl:1", "x", "t0", "t1", "t2"]
    aside = [json.loads(line) for line in quarantine_path(out).read_text().splitlines()]
    assert [(line["file"], line["row"]) for line in aside] == [("a.jsonl", 2)]
    assert found.quarantined == 1
    with pytest.raises(InputError, match="another file than the tickets"):
        score(backlog, folder / "out.jsonl", Router(POLICY), NOW, lambda *_: None)


def test_a_folder_without_tickets(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected files of tickets"):
        Backlog.of(tmp_path, {})


def test_one_that_is_broken_off_leaves_no_thread_behind(tmp_path: Path, source: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:
        score(TicketFile(source), tmp_path / "out.csv", Router(POLICY), NOW, stop)
    assert kept.tb is not None  # it holds what was running
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("tierline-read", "tierline-answer"))]

"""A row that breaks the rules costs no other its answer; a broken file can be put right."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierline.data.errors import InputError, JobError
from tierline.serving.backlog import inputs
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.routing import router as routing
from tierline.serving.routing.router import Router

from ..fakes import CALM, NOW, POLICY, broken_by

POISON = "purple curtains"


def run(source: Path, out: Path, *, resume: bool = False) -> list[str]:
    """Score, and return the ids that were answered."""
    scoring = Scoring(resume=resume)
    score(Backlog.of(source, {}), out, Router(POLICY), NOW, lambda *_: None, None, scoring)
    return [json.loads(line)["id"] for line in out.read_text().splitlines()]


def test_a_row_that_breaks_the_rules_is_put_aside_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "recommend", broken_by(POISON))
    names = [f"t{n}" for n in range(9)]
    lines = [{"id": n, "body": POISON if n == "t4" else CALM} for n in names]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(source, out) == [n for n in names if n != "t4"]
    (aside,) = map(json.loads, quarantine_path(out).read_text().splitlines())
    assert aside["reason"] == "can't be answered: an error of ours (RuntimeError)"


def test_an_error_that_every_row_meets_breaks_the_job_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"id": f"t{n}", "body": CALM}) + "\n" for n in range(5)))
    with monkeypatch.context() as patch:
        patch.setattr(routing, "recommend", broken_by(CALM))
        with pytest.raises(RuntimeError, match="broken by"):
            run(source, out)
    assert run(source, out, resume=True) == [f"t{n}" for n in range(5)]


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file and one that is cut short."""
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 4)
    folder = tmp_path / "in"
    folder.mkdir()
    good = [{"id": f"a{n}", "body": CALM} for n in range(10)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in good))
    (folder / "b.parquet").write_bytes(b"PAR1 half a file")
    return folder


def test_a_broken_file_can_be_put_right_and_the_job_goes_on(half: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(JobError, match=r"b\.parquet can't be read.*--resume"):
        run(half, out)
    pq.write_table(pa.table({"id": ["b0", "b1"], "body": [CALM, CALM]}), half / "b.parquet")
    assert run(half, out, resume=True) == [*(f"a{n}" for n in range(10)), "b0", "b1"]


def test_a_file_with_answered_rows_must_be_what_it_was(half: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(JobError):
        run(half, out)
    with (half / "a.jsonl").open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"a\.jsonl isn't the file that it was"):
        run(half, out, resume=True)


@pytest.mark.parametrize("inside", [False, True])
def test_a_name_that_is_no_unicode_is_refused(tmp_path: Path, inside: bool) -> None:
    """No job's state could name it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / os.fsdecode(b"t\xff.jsonl")
    try:
        file.write_text(json.dumps({"body": CALM}))
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(InputError, match=r"UTF-8; found 't\\udcff.jsonl'"):
        Backlog.of(folder if inside else file, {})

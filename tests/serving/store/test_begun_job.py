"""A backlog with a store: when there is something to resume, and what isn't stored isn't done."""

import json
from pathlib import Path

import pytest

from tierline.data.errors import InputError, JobError
from tierline.data.readers import TicketFile
from tierline.serving.backlog import inputs
from tierline.serving.backlog.job import Job
from tierline.serving.backlog.job_state import state_path, unfinished
from tierline.serving.backlog.scoring import Scoring, Summary, score
from tierline.serving.backlog.summary import Chunk
from tierline.serving.routing.router import Router
from tierline.serving.store.store import Store

from ..fakes import CALM, NOW, POLICY
from .making import rows


def run(store: Store, source: Path, out: Path, *, resume: bool = False) -> Summary:
    scoring = Scoring(resume=resume)
    return score(TicketFile(source), out, Router(POLICY), NOW, lambda *_: None, store, scoring)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 2)
    path = tmp_path / "in.jsonl"
    lines = [{"id": f"t{i}", "body": f"{CALM} {i}"} for i in range(9)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_an_ordinary_mistake_leaves_nothing_behind(sqlite_store: Store, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "made" / "out.jsonl"
    out.parent.mkdir()
    source.write_text("nonsense,b\n1,2\n")
    with pytest.raises(InputError, match="column"):
        run(sqlite_store, source, out)
    assert list(out.parent.iterdir()) == []
    source.write_text(f"id,body\nT-1,{CALM}\n")
    assert run(sqlite_store, source, out).answered == 1
    assert [path.name for path in out.parent.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_job_is_resumed_once_a_decision_was_recorded(
    sqlite_store: Store,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    out, whole = tmp_path / f"out.{suffix}", tmp_path / f"whole.{suffix}"

    def stop(self: Job, chunk: Chunk) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tierline.serving.backlog.scoring.Job.commit", stop)
        with pytest.raises(KeyboardInterrupt):
            run(sqlite_store, source, out)
    sqlite_store.writer.flush()
    before = rows(sqlite_store).keys()
    assert before
    left = unfinished(out)
    assert left is not None
    assert left.done.records == 0
    with pytest.raises(InputError, match=r"broken off after 0 rows\. Go on with --resume"):
        run(sqlite_store, source, out)
    assert run(sqlite_store, source, out, resume=True).answered == 9
    sqlite_store.writer.flush()
    assert len(rows(sqlite_store)) == 9
    assert before <= rows(sqlite_store).keys()
    score(TicketFile(source), whole, Router(POLICY), NOW, lambda *_: None)
    assert out.read_bytes() == whole.read_bytes()


def test_what_is_only_in_memory_is_not_done(
    sqlite_store: Store, source: Path, tmp_path: Path
) -> None:
    store, out = sqlite_store, tmp_path / "out.jsonl"
    place = Path(store.database.url.database or "")
    place.rename(place.with_suffix(".away"))
    store.spool.folder.touch()  # in the spool's place: it can't be made
    with pytest.raises(JobError, match=r"takes the decisions\. 0 rows are done.*--resume"):
        run(store, source, out)
    assert state_path(out).exists()
    assert not out.exists()
    place.with_suffix(".away").rename(place)
    store.spool.folder.unlink()
    again = Store(f"sqlite:///{place}", store.spool.folder)  # as a command that is given again
    again.start(need=True)
    assert run(again, source, out, resume=True).answered == 9
    again.close()
    store.writer.close()  # takes its last chance: the same ids
    assert len(rows(store)) == 9

"""A backlog with a store, broken off and resumed: every decision kept, none twice."""

import json
from pathlib import Path

import pytest

from tierline.data.readers import TicketFile
from tierline.serving.backlog import inputs
from tierline.serving.backlog.job import Job
from tierline.serving.backlog.scoring import Scoring, score
from tierline.serving.backlog.summary import Chunk
from tierline.serving.routing import router as routing
from tierline.serving.routing.router import Router
from tierline.serving.store.store import Store

from ..fakes import CALM, NOW, POLICY, broken_by
from .making import rows


@pytest.mark.parametrize("kept", [0, 4])
def test_no_decision_is_kept_twice(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 2)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [{"id": f"t{i}", "body": f"{CALM} {i}"} for i in range(9)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    commit = Job.commit

    def stop(self: Job, chunk: Chunk) -> None:
        if self.records == kept:
            # Decided and stored, but the answers aren't in the file yet.
            raise KeyboardInterrupt
        commit(self, chunk)

    def run(resume: bool) -> None:
        scoring = Scoring(resume=resume)
        score(TicketFile(source), out, Router(POLICY), NOW, lambda *_: None, sqlite_store, scoring)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "commit", stop)
        with pytest.raises(KeyboardInterrupt):
            run(resume=False)
    sqlite_store.writer.flush()
    assert len(rows(sqlite_store)) > kept
    run(resume=True)
    sqlite_store.writer.flush()
    stored = [row["body"] for row in rows(sqlite_store).values()]
    assert sorted(stored) == sorted(line["body"] for line in lines)
    assert len(out.read_text().splitlines()) == 9


def test_a_row_that_breaks_the_rules_costs_no_other_its_place_in_the_store(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = "purple curtains"
    monkeypatch.setattr(routing, "recommend", broken_by(poison))
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [{"id": f"t{n}", "body": poison if n == 3 else f"{CALM} {n}"} for n in range(7)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    score(TicketFile(source), out, Router(POLICY), NOW, lambda *_: None, sqlite_store)
    sqlite_store.writer.flush()
    stored = sorted(row["body"] for row in rows(sqlite_store).values())
    assert stored == sorted(line["body"] for line in lines if line["body"] != poison)
    assert len(out.read_text().splitlines()) == 6

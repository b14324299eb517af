"""Nasty texts through `tierline score`: answered or set aside, every one, breaches at tier 3."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tierline.data.readers import TicketFile
from tierline.data.ticket import Ticket
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog import inputs
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job import Job
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.scoring import quarantine_path, score
from tierline.serving.backlog.summary import Chunk
from tierline.serving.commands import app, shared
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router

from ..fakes import CALM, NOW, POLICY
from ..nasty import MAX_BODY, NASTY, NASTY_JSON, SURROGATE, with_breach

BODIES = {
    **NASTY,
    **{f"{name}+breach": with_breach(text) for name, text in NASTY.items()},
}
REFUSED = {n for n, body in BODIES.items() if len(body) > MAX_BODY or SURROGATE in body}


def write_csv(path: Path) -> Path:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("id", "body"), *BODIES.items()])
    return path


def write_jsonl(path: Path) -> Path:
    lines = (json.dumps({"id": name, "body": body}) + "\n" for name, body in BODIES.items())
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_parquet(path: Path) -> Path:
    # Arrow takes bytes for text unseen: half a surrogate pair, as careless writers leave it.
    bodies = pa.array([body.encode("utf-8", "surrogatepass") for body in BODIES.values()])
    table = pa.table({"id": list(BODIES), "body": bodies.view(pa.string())})
    pq.write_table(table, path)
    return path


class Remembering(Router):
    """The rules, asked once about each text: they are what takes time here."""

    said: ClassVar[dict[str, Recommendation]] = {}

    def __init__(self) -> None:
        super().__init__(POLICY)
        self.what_if = False

    def route(self, tickets: Sequence[Ticket], now: datetime) -> list[Recommendation]:
        new = [t for t in tickets if t.body not in self.said]
        answers = super().route(new, now)
        self.said.update({t.body: a for t, a in zip(new, answers, strict=True)})
        return [self.said[t.body].model_copy(update={"id": t.id}) for t in tickets]


WRITERS: dict[str, Callable[[Path], Path]] = {
    ".csv": write_csv,
    ".jsonl": write_jsonl,
    ".parquet": write_parquet,
}


def scored(source: Path, out: Path, router: Router) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answers by id, and what was set aside."""
    score(Backlog.of(source, {}), out, router, NOW, lambda *_: None)
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    aside = quarantine_path(out).read_text(encoding="utf-8").splitlines()
    by_id = {answer["id"]: answer for answer in answers}
    assert len(by_id) == len(answers)
    return by_id, [json.loads(line) for line in aside]


def hold(answers: dict[str, Any], aside: list[dict[str, Any]]) -> None:
    """Every row is in one of the two, the breaches at tier 3, and no reason quotes a text."""
    names = list(BODIES)
    assert {names[line["row"] - 1] for line in aside} == REFUSED
    assert answers.keys() == BODIES.keys() - REFUSED
    assert all(len(line["reason"]) < 150 for line in aside)
    for name, answer in answers.items():
        if name.endswith("+breach"):
            assert (name, answer["tier"]) == (name, 3)
            assert answer["reasons"][0]["rule"].startswith("safety.")


@pytest.mark.parametrize("suffix", WRITERS)
def test_by_rules(tmp_path: Path, suffix: str) -> None:
    source = WRITERS[suffix](tmp_path / f"in{suffix}")
    hold(*scored(source, tmp_path / "out.jsonl", Remembering()))


def test_with_a_model(tmp_path: Path, predictor: Predictor) -> None:
    source = write_parquet(tmp_path / "in.parquet")
    router = Router(POLICY, predictor)
    router.what_if = False
    answers, aside = scored(source, tmp_path / "out.jsonl", router)
    hold(answers, aside)
    assert {answer["mode"] for answer in answers.values()} == {"full"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_nasty_answers_can_be_written(tmp_path: Path, suffix: str) -> None:
    out, source = tmp_path / f"out{suffix}", TicketFile(write_jsonl(tmp_path / "in.jsonl"))
    made = score(source, out, Remembering(), NOW, lambda *_: None)
    assert made.answered == len(BODIES) - len(REFUSED)
    assert made.quarantined == len(REFUSED)


def test_lines_that_are_no_tickets(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    good = [json.dumps({"id": f"g{i}", "body": with_breach("")}) for i in range(len(NASTY_JSON))]
    lines = [part for pair in zip(good, NASTY_JSON, strict=True) for part in pair]
    source.write_bytes(b"\n".join(p if isinstance(p, bytes) else p.encode() for p in lines))
    answers, aside = scored(source, tmp_path / "out.jsonl", Router(POLICY))
    assert len(answers) + len(aside) == len(lines)
    assert {answers[f"g{i}"]["tier"] for i in range(len(good))} == {3}
    assert [line["row"] for line in aside if line["row"] % 2] == []


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    """Tickets filed 'in the future' are answered."""
    source = tmp_path / "in.jsonl"
    filed = (NOW + timedelta(days=400)).isoformat()
    record = {"id": "a", "body": with_breach(""), "created_at": filed}
    source.write_text(json.dumps(record) + "\n[]\n", encoding="utf-8")
    answers, aside = scored(source, tmp_path / "out.jsonl", Router(POLICY))
    assert (answers["a"]["tier"], len(aside)) == (3, 1)
    assert "clock.filed_in_future" in {r["rule"] for r in answers["a"]["reasons"]}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_job_resumed_after_the_clock_was_set_back_keeps_its_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    machine = [NOW]

    class Machine(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return machine[0]

    monkeypatch.setattr(shared, "datetime", Machine)
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 2)
    source, whole, out = tmp_path / "in.jsonl", tmp_path / f"whole{suffix}", tmp_path / f"o{suffix}"
    # Two days before, all of them lie in the future.
    filed = [(NOW - timedelta(hours=hours)).isoformat() for hours in range(6)]
    rows = [{"id": f"t{i}", "body": CALM, "created_at": at} for i, at in enumerate(filed)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def command(to: Path, *more: str) -> int:
        arguments = ["score", str(source), "--out", str(to), "--rules-only", *more]
        return CliRunner().invoke(app, arguments).exit_code

    commit = Job.commit

    def stop(self: Job, chunk: Chunk) -> None:
        if self.records == 2:
            raise KeyboardInterrupt
        commit(self, chunk)

    assert command(whole) == 0
    with monkeypatch.context() as patch:
        patch.setattr(Job, "commit", stop)
        assert command(out) != 0
    machine[0] = NOW - timedelta(days=2)
    left = unfinished(out)
    assert left is not None
    assert (left.done.records, left.identity.now) == (2, NOW)
    assert command(out, "--resume") == 0
    assert out.read_bytes() == whole.read_bytes()
    assert b"clock.filed_in_future" not in out.read_bytes()
    # Begun anew it has the clock that is.
    assert command(out) == 0
    assert out.read_bytes() != whole.read_bytes()

"""The command: a backlog in, a queue out, and what is printed of it."""

import csv
import json
from codecs import BOM_UTF8
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tierline.data.errors import InputError
from tierline.serving import commands

from ..called import output, refusal
from ..fakes import CALM, LOSS

NOW = ("--now", "2025-03-10T12:00")
OWN = ("--rules-only", *NOW)
pytestmark = pytest.mark.usefixtures("apart")


@pytest.fixture
def backlog() -> str:
    Path("in.csv").write_text(
        "id,body,created_at,customer_tier,attempts\n"
        f"late,{CALM},2025-03-09T11:00,,\n"
        f"new,{CALM},2025-03-10T11:00,,\n"
        f"big,{CALM},2025-03-10T11:00,enterprise,2\n"
        f"loss,{LOSS},2025-03-10T11:30,,\n"
        f"none,{CALM},,,\n"
    )
    return "in.csv"


def rows(path: str = "out.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def quarantined() -> list[tuple[int, str]]:
    return [(r["row"], r["reason"]) for r in rows("out.jsonl.quarantine.jsonl")]


def test_a_backlog_is_ordered_and_given_out(backlog: str) -> None:
    said = output("queue", backlog, "--out", "out.jsonl", *OWN, "--head", "2")
    found = rows()
    assert [r["id"] for r in found] == ["loss", "late", "big", "new", "none"]
    assert [r["rank"] for r in found] == [1, 2, 3, 4, 5]
    first = found[0]
    assert (first["first"], first["own_team"], first["team"]) == (
        "safety",
        "incident-response",
        "incident-response",
    )
    assert sum(t["points"] for t in found[2]["terms"]) == pytest.approx(
        found[2]["points"], abs=1e-3
    )
    assert "10.0 customer tier (enterprise)" in found[2]["why"]
    for line in (
        "The first 2 of 5",
        "   1. loss  safety ",
        "      → incident-response, respond by 2025-03-10 13:30 UTC",
        "general-support: 1 overdue already, 0 of them waiting, the longest (late) by 17 h 00 min",
        "1 tickets say neither when they were filed nor how long they have waited",
        "5 tickets queued in ",
    ):
        assert line in said
    assert "big" not in said
    assert "can't be answered in time" not in said
    assert [r["id"] for r in found if r["overdue"]] == ["late"]


def test_a_row_without_a_name_has_no_other_rows_age() -> None:
    Path("in.csv").write_text(f"body\n{CALM}\n")
    output("queue", "in.csv", "--out", "out.jsonl", *OWN)
    Path("in.csv").write_text("body\nAnother ticket altogether\n")
    said = output(
        "queue", "in.csv", "--out", "out.jsonl", "--rules-only", "--now", "2025-03-14T12:00"
    )
    assert "seen" not in said
    assert rows()[0]["since"] == "2025-03-14T12:00:00+00:00"


def test_a_ticket_without_a_date_counts_from_when_it_first_stood_in_the_file(backlog: str) -> None:
    for kind in ("jsonl", "csv", "parquet"):
        output("queue", backlog, "--out", f"out.{kind}", *OWN)
        later = ("--rules-only", "--now", "2025-03-14T12:00")
        said = output("queue", backlog, "--out", f"out.{kind}", *later)
        assert "(no date, seen 4 d 00 h ago)" in said
        Path(f"out.{kind}").write_text("no queue")
        said = output("queue", backlog, "--out", f"out.{kind}", *later)
        assert "seen" not in said


def test_what_will_be_late_is_told_apart_from_what_is_overdue(backlog: str) -> None:
    Path("own.toml").write_text(
        "[teams.general-support]\ncapacity = 1\n[queue.handling]\n1 = '9h'\n"
    )
    said = output("queue", backlog, "--out", "out.jsonl", *OWN, "--policy", "own.toml")
    assert "general-support: 3 not overdue yet can't be answered in time" in said
    assert "  big: due 2025-03-10 19:00 UTC, reached 2025-03-10 21:00 UTC: all who may" in said
    told = {r["id"]: (r["overdue"], r["in_time"]) for r in rows()}
    assert (told["late"], told["big"], told["loss"]) == (
        (True, False),
        (False, False),
        (False, True),
    )


@pytest.mark.parametrize("team", ["general-support", "engineering-and-product"])
def test_all_that_is_printed_fits_into_80_columns(
    backlog: str, monkeypatch: pytest.MonkeyPatch, team: str
) -> None:
    Path("own.toml").write_text(
        f"[tiers.1]\nowner = '{team}'\n[teams.{team}]\ncapacity = 1000\n"
        "[queue.handling]\n1 = '9000h'\n"
    )
    monkeypatch.setattr(commands.console, "width", 80)
    said = output("queue", backlog, "--out", "out.jsonl", *OWN, "--policy", "own.toml")
    assert max(map(len, said.splitlines())) <= 80
    header = next(line for line in said.splitlines() if "queued" in line)
    assert header.split() == [
        "team", "queued", "first", "taken", "moved", "waiting", "overdue", "late", "holds",
    ]  # fmt: skip
    lines = said.splitlines()
    row = next(n for n, line in enumerate(lines) if line.endswith(" 4/1,000"))
    name, *figures = lines[row].split()
    assert figures == ["4", "0", "4", "0", "0", "1", "0", "4/1,000"]
    # A name that is too long is broken at a hyphen.
    assert name + ("" if name == team else lines[row + 1].strip()) == team


def test_capacity_and_reasons_are_shown(backlog: str) -> None:
    Path("own.toml").write_text("[teams.general-support]\ncapacity = 1\n")
    said = output("queue", backlog, "--out", "out.jsonl", *OWN, "--policy", "own.toml")
    assert "waits for general-support (all who may take it are full)" in said
    assert [r["waits_for"] for r in rows()] == [None, None, *["capacity"] * 3]


def test_the_whole_queue_is_the_same_in_every_format(backlog: str) -> None:
    for kind in ("jsonl", "csv", "parquet"):
        output("queue", backlog, "--out", f"out.{kind}", *OWN)
    lines, table = rows(), pq.read_table("out.parquet").to_pylist()
    with Path("out.csv").open(newline="") as file:
        flat = list(csv.DictReader(file))
    for line, cells, typed in zip(lines, flat, table, strict=True):
        assert json.loads(cells["terms"]) == json.loads(typed["terms"]) == line["terms"]
        assert datetime.fromisoformat(line["respond_by"]) == typed["respond_by"]
        assert cells["respond_by"] == line["respond_by"]
        assert (cells["id"], cells["team"]) == (line["id"], line["team"])
    assert table[0]["reached_by"] == datetime(2025, 3, 10, 12, tzinfo=UTC)


def test_only_ordered_it_needs_no_scipy(backlog: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise InputError("needs scipy")

    monkeypatch.setattr("tierline.serving.commands.queueing.need_scipy", missing)
    said = output("queue", backlog, "--out", "out.jsonl", *OWN, "--order-only")
    assert [r["team"] for r in rows()] == [None] * 5
    assert "incident-response, respond by" in said
    assert "in time" not in said
    assert refusal(InputError, "queue", backlog, "--out", "o.csv", *OWN) == "needs scipy"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_answers_given_before_give_the_same_queue(backlog: str, kind: str) -> None:
    output("queue", backlog, "--out", "out.jsonl", *OWN)
    before = rows()
    output("score", backlog, "--out", f"scored.{kind}", *OWN)
    output("queue", backlog, "--out", "out.jsonl", *NOW, "--answers", f"scored.{kind}")
    # A ticket without a date is due so long after it was scored: the same, as the clock is.
    assert rows() == before


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_answers_that_another_program_saved_with_a_byte_order_mark(backlog: str, kind: str) -> None:
    output("score", backlog, "--out", f"scored.{kind}", *OWN)
    Path(f"scored.{kind}").write_bytes(BOM_UTF8 + Path(f"scored.{kind}").read_bytes())
    output("queue", backlog, "--out", "out.jsonl", *NOW, "--answers", f"scored.{kind}")
    assert len(rows()) == 5


def test_rows_that_can_not_be_queued_go_to_quarantine(backlog: str) -> None:
    output("score", backlog, "--out", "scored.jsonl", *OWN)
    answers = rows("scored.jsonl")
    answers[0]["team"] = "nobody"
    answers[1]["tier"] = 7
    answers[3]["respond_by"] = "0001-01-01T00:00:00+14:00"
    deep = json.dumps(answers[0] | {"reasons": "[" * 100_000})
    lines = [*map(json.dumps, [*answers, answers[2]]), "[]", "{", '"x"', deep]
    Path("scored.jsonl").write_text("\n".join(lines))
    with Path(backlog).open("a") as file:
        file.write(f"big,{CALM},,,\nbad,{CALM},soon,,\n")
    said = output("queue", backlog, "--out", "out.jsonl", *NOW, "--answers", "scored.jsonl")
    assert [r["id"] for r in rows()] == ["loss", "big", "none"]
    reasons = dict(quarantined())
    assert reasons[1] == "team: expected a team of the policy; score the tickets again"
    assert reasons[2] == "id: expected an answer with this id; found none"
    assert reasons[6] == "id: expected every id once; this one is in row 3 already"
    assert "created_at" in reasons[7]
    assert "6 rows of scored.jsonl are no answers" in said
    assert "4 rows quarantined" in said


@pytest.mark.parametrize(
    ("ids", "queued"),
    [
        (("3", "7", ""), {"3", "7", "row 3"}),
        (("a", "", "2"), {"a", "row 2", "2"}),
        (("row 2", "", "2"), {"row 2", "row row 2", "2"}),
        (("", "", ""), {"1", "2", "3"}),
    ],
)
def test_the_number_of_a_row_without_an_id_is_no_other_tickets_id(
    ids: tuple[str, ...], queued: set[str]
) -> None:
    Path("in.csv").write_text("id,body\n" + "".join(f"{name},{CALM}\n" for name in ids))
    said = output("queue", "in.csv", "--out", "out.jsonl", *OWN)
    assert {row["id"] for row in rows()} == queued
    assert "quarantined" not in said


@pytest.mark.parametrize(
    ("lines", "queued"),
    [
        ((f"3,{LOSS}", f"7,{CALM}", f",{CALM}"), {"3": "safety", "7": None}),
        ((f"a,{CALM}", f",{LOSS}", f"2,{CALM}"), {"a": None, "row 2": "safety"}),
    ],
)
def test_no_answer_counts_for_two_rows(
    lines: tuple[str, ...], queued: dict[str, str | None]
) -> None:
    """By ids alone the first answer is the first row's, and the other row has none."""
    Path("in.csv").write_text("\n".join(("id,body", *lines)))
    output("score", "in.csv", "--out", "scored.jsonl", *OWN)
    output("queue", "in.csv", "--out", "out.jsonl", *NOW, "--answers", "scored.jsonl")
    assert {row["id"]: row["first"] for row in rows()} == queued
    assert quarantined() == [(3, "id: expected an answer with this id; found none")]


def test_a_backlog_without_a_usable_ticket_is_an_empty_queue() -> None:
    Path("in.csv").write_text("id,body,created_at\na,x,soon\n")
    assert "0 tickets queued" in output("queue", "in.csv", "--out", "out.jsonl", *OWN)
    assert rows() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--answers", "none.jsonl"], "none.jsonl can't be read"),
        (["--answers", "in.txt"], "expected a file ending in .csv, .jsonl, .parquet"),
        (["--answers", "in.csv"], "expected answers, as 'tierline score' writes them"),
        (["--answers", "bad.parquet"], "bad.parquet can't be read"),
        (["--now", "soon"], "--now: expected an ISO 8601 time"),
        (["--out", "in.csv"], "expected another file than what is read"),
        (["--out", "out.txt"], "--out: expected a file ending in"),
    ],
)
def test_what_can_not_work_is_refused(backlog: str, arguments: list[str], said: str) -> None:
    Path("bad.parquet").write_text("no table")
    own = ["--out", "out.jsonl"] if "--out" not in arguments else []
    assert said in refusal(InputError, "queue", backlog, "--rules-only", *own, *arguments)
    assert not Path("out.jsonl").exists()


def test_answers_named_as_the_queues_own_quarantine_stay(backlog: str) -> None:
    answers = Path("q.csv.quarantine.jsonl")
    output("score", backlog, "--rules-only", "--out", str(answers))
    told = ("--answers", str(answers), "--out", "q.csv")
    assert "beside which it writes q.csv.quar" in refusal(InputError, "queue", backlog, *OWN, *told)
    assert answers.exists()

"""A file of tickets becomes a file of answers, whole or not at all."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.data.ticket import Ticket
from tierline.serving.backlog.scoring import Summary, quarantine_path, score
from tierline.serving.backlog.tables import Table, TableFile
from tierline.serving.backlog.writers import COLUMNS
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router

from .fakes import BREACH, CALM, LOSS, NOW, POLICY, broken, prediction, predictor

SUFFIXES = (".csv", ".jsonl", ".parquet")
PLANTED = "zebrafish"
TICKETS: list[dict[str, Any]] = [
    {"id": "a", "body": CALM},
    {"id": "ü-2", "body": f"Zeile eins,\n\"zwei\": {LOSS}"},
    {"id": "c", "subject": BREACH, "body": ""},
]  # fmt: skip
MODEL = Router(POLICY, predictor())
RULES = Router(POLICY)


def write(path: Path, records: Sequence[dict[str, Any]]) -> TicketFile:
    columns = list(dict.fromkeys(name for record in records for name in record))
    if path.suffix == ".parquet":
        whole = [{name: record.get(name) for name in columns} for record in records]
        pq.write_table(pa.Table.from_pylist(whole), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(records)
    return TicketFile(path)


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if path.suffix == ".csv" else list(map(json.loads, file))


def ignore(share: float, count: int) -> None:
    pass


def run(
    tickets: TicketFile,
    out: Path,
    router: Router = MODEL,
    progress: Callable[[float, int], None] = ignore,
) -> Summary:
    return score(tickets, out, router, NOW, progress)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.parametrize("target", SUFFIXES)
def test_every_format_in_and_out(tmp_path: Path, source: str, target: str) -> None:
    out = tmp_path / f"out{target}"
    summary = run(write(tmp_path / f"in{source}", TICKETS), out)
    rows = read(out)
    assert [row["id"] for row in rows] == ["a", "ü-2", "c"]
    assert [int(row["tier"]) for row in rows] == [1, 3, 3]
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    assert left_in(tmp_path) == {f"in{source}", f"out{target}"}
    assert (summary.answered, summary.quarantined) == (3, 0)


@pytest.mark.parametrize("target", SUFFIXES)
def test_the_file_holds_what_the_router_says(tmp_path: Path, target: str) -> None:
    out = tmp_path / f"out{target}"
    run(write(tmp_path / "in.jsonl", TICKETS), out)
    said = MODEL.route([Ticket(**record) for record in TICKETS], NOW)
    for row, answer in zip(read(out), said, strict=True):
        plain = answer.as_row()
        for name in ("path", "reasons", "notify", "alternatives"):
            found = row[name] if target == ".jsonl" else json.loads(row[name])
            assert found == plain[name]
        if target == ".jsonl":
            assert row == plain
        elif target == ".parquet":
            assert (row["respond_by"], row["next_review_at"]) == (answer.respond_by, None)
            assert row["resolve_by"] == answer.resolve_by
            assert (row["needs_review"], row["severity"]) == (answer.needs_review, "P3")
            assert row["severity_confidence"] == pytest.approx(0.9)
        else:
            assert row["respond_by"] == plain["respond_by"]
            assert row["resolve_by"] == plain["resolve_by"]
            assert (row["review_reason"], row["next_review_at"]) == (
                plain["review_reason"] or "",
                "",
            )


@pytest.mark.parametrize("target", [".csv", ".parquet"])
def test_reasons_are_json_with_rule_text_and_evidence(tmp_path: Path, target: str) -> None:
    out = tmp_path / f"out{target}"
    run(write(tmp_path / "in.csv", TICKETS), out)
    first = json.loads(read(out)[1]["reasons"])[0]
    assert set(first) == {"rule", "text", "evidence"}
    assert first["rule"] == "safety.data_loss"
    assert first["evidence"][0] in LOSS


POISON = "\n".join(
    [
        json.dumps({"id": "good", "body": CALM}),
        json.dumps({"id": "b", "body": f"{PLANTED} \ud800"}),
        '{"id": "c", "body": "' + PLANTED,
        json.dumps({"id": "d", "body": PLANTED * 30_000}),
        json.dumps({"id": "e", "body": {PLANTED: 1}}),
        json.dumps({"id": "f", "body": CALM, "current_tier": 9}),
        json.dumps({"id": "g", "body": CALM, "created_at": PLANTED}),
        json.dumps([PLANTED]),
        json.dumps({"id": "last", "body": LOSS}),
    ]
)


@pytest.mark.parametrize("target", SUFFIXES)
def test_poison_rows_are_set_aside_without_their_words(tmp_path: Path, target: str) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / f"out{target}"
    path.write_text(POISON, encoding="utf-8")
    summary = run(TicketFile(path), out)
    assert [row["id"] for row in read(out)] == ["good", "last"]
    aside = quarantine_path(out)
    assert aside.name == f"out{target}.quarantine.jsonl"
    lines = read(aside)
    assert [line["row"] for line in lines] == [2, 3, 4, 5, 6, 7, 8]
    assert [set(line) for line in lines] == [{"file", "row", "reason"}] * 7
    assert PLANTED not in aside.read_text(encoding="utf-8")
    assert (summary.answered, summary.quarantined) == (2, 7)


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_value", "$1,200"),
        ("created_at", "03/02/2026"),
        ("locked_by_human", "maybe"),
        ("stated_severity", "dire"),
    ],
)
def test_a_row_set_aside_says_which_safety_rules_fire_on_its_words(
    tmp_path: Path, source: str, name: str, value: str
) -> None:
    words = [{"body": CALM}, {"body": LOSS, "subject": BREACH}, {"body": f"<p>{BREACH}</p>"}]
    records = [record | {name: value} for record in words]
    out = tmp_path / "out.jsonl"
    summary = run(write(tmp_path / f"in{source}", records), out)
    lines = read(quarantine_path(out))
    assert [line.get("safety") for line in lines] == [
        None,
        ["safety.data_loss", "safety.security_breach"],
        ["safety.security_breach"],
    ]
    assert (summary.answered, summary.quarantined, summary.alarmed) == (0, 3, 2)
    for text in (LOSS, BREACH):
        assert text not in quarantine_path(out).read_text(encoding="utf-8")


def test_words_past_the_longest_ticket_are_heard_up_to_there(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"body": f"{LOSS} {'x ' * 100_000}"},
        {"body": LOSS, "id": {"a": 1}},
    ]
    out = tmp_path / "out.jsonl"
    assert run(write(tmp_path / "in.jsonl", records), out).alarmed == 2


def test_a_bad_row_at_which_the_rules_break_costs_no_other_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierline.serving.backlog.answering.check", broken)
    records = [{"body": LOSS, "attempts": "many"}, {"body": CALM}]
    out = tmp_path / "out.jsonl"
    summary = run(write(tmp_path / "in.jsonl", records), out)
    assert (summary.answered, summary.quarantined, summary.alarmed) == (1, 1, 0)


def test_rows_of_a_csv_that_do_not_fit_are_set_aside(tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_bytes(b"id,body\na,fine\nb,x,zebrafish\nc,zebra\xff\nd,fine\n")
    assert run(TicketFile(path), out).quarantined == 2
    assert [row["id"] for row in read(out)] == ["a", "d"]
    assert "zebra" not in quarantine_path(out).read_text(encoding="utf-8")


def test_an_old_quarantine_does_not_stay(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    quarantine_path(out).write_text("old")
    run(write(tmp_path / "in.csv", TICKETS), out)
    assert not quarantine_path(out).exists()


@pytest.mark.parametrize("target", SUFFIXES)
def test_dates_at_the_end_of_time_are_answered(tmp_path: Path, target: str) -> None:
    dates = ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2025-03-10"]
    records = [{"body": CALM, "created_at": d, "customer_tier": "enterprise"} for d in dates]
    out = tmp_path / f"out{target}"
    assert run(write(tmp_path / "in.jsonl", records), out).answered == 3
    assert [row["id"] for row in read(out)] == ["1", "2", "3"]


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("content", ["id,body\n", "id,body"])
def test_a_header_alone_gives_an_empty_answer(tmp_path: Path, target: str, content: str) -> None:
    path, out = tmp_path / "in.csv", tmp_path / f"out{target}"
    path.write_text(content)
    summary = run(TicketFile(path), out)
    assert (summary.answered, summary.quarantined, read(out)) == (0, 0, [])
    if target == ".csv":
        assert out.read_text().strip() == ",".join(COLUMNS)
    if target == ".parquet":
        assert tuple(pq.read_schema(out).names) == COLUMNS


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.touch()
    with pytest.raises(InputError, match="is empty"):
        run(TicketFile(path), tmp_path / "out.csv")
    assert left_in(tmp_path) == {"in.csv"}
    lines = tmp_path / "in.jsonl"
    lines.touch()
    assert run(TicketFile(lines), tmp_path / "out.csv").answered == 0


@pytest.mark.parametrize("target", SUFFIXES)
def test_a_job_that_breaks_off_before_any_answer_leaves_nothing(
    tmp_path: Path, target: str
) -> None:
    out = tmp_path / f"out{target}"
    out.write_text("the answers of yesterday")

    class Stopping(Router):
        def route(self, tickets: Sequence[Ticket], now: Any) -> list[Recommendation]:
            assert (tmp_path / f"out{target}.part").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(write(tmp_path / "in.csv", TICKETS), out, Stopping(POLICY))
    assert left_in(tmp_path) == {"in.csv", f"out{target}"}
    assert out.read_text() == "the answers of yesterday"


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(InputError, match="expected a file to write; found a folder"):
        run(write(tmp_path / "in.csv", TICKETS), tmp_path / "out.csv")
    assert left_in(tmp_path) == {"in.csv", "out.csv"}


def test_the_tickets_are_not_overwritten(tmp_path: Path) -> None:
    tickets = write(tmp_path / "in.csv", TICKETS)
    before = tickets.path.read_bytes()
    for same in (tickets.path, tmp_path / "x" / ".." / "in.csv"):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(InputError, match="another file than the tickets"):
            run(tickets, same)
    assert tickets.path.read_bytes() == before


@pytest.mark.parametrize(
    "beside", ["quarantine.jsonl", "part", "quarantine.jsonl.part", "job.json"]
)
def test_nor_are_they_where_the_job_writes_beside(tmp_path: Path, beside: str) -> None:
    tickets = write(tmp_path / "in.jsonl", TICKETS)
    own = tmp_path / f"out.jsonl.{beside}"
    if own.suffix == ".jsonl":
        tickets = TicketFile(tickets.path.rename(own))
    else:  # a name that isn't read; what it leads to is
        own.symlink_to(tickets.path)
    with pytest.raises(InputError, match=rf"another file.*beside which it writes {own.name}: give"):
        run(tickets, tmp_path / "out.jsonl")
    assert [row["id"] for row in read(tickets.path)] == [row["id"] for row in TICKETS]


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"--out: expected a file ending in \.csv, \.jsonl"):
        run(write(tmp_path / "in.csv", TICKETS), tmp_path / name)
    assert left_in(tmp_path) == {"in.csv"}


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected an existing folder"):
        run(write(tmp_path / "in.csv", TICKETS), tmp_path / "none" / "out.csv")


def test_the_summary_counts(tmp_path: Path) -> None:
    summary = run(write(tmp_path / "in.csv", TICKETS), tmp_path / "out.csv")
    assert summary.tiers == {1: 1, 3: 2}
    assert summary.severities == {"P3": 3}
    assert summary.rules == {
        "entry.owner": 3,
        "safety.data_loss": 1,
        "safety.security_breach": 1,
        "team.incident": 2,
    }
    assert summary.reviews == {"rule_conflict": 2}
    assert summary.modes == {"full": 3}


def test_without_a_model_the_rules_answer(tmp_path: Path) -> None:
    for router in (RULES, Router(POLICY, predictor(broken))):
        summary = run(write(tmp_path / "in.csv", TICKETS), tmp_path / "out.csv", router)
        assert summary.tiers == {1: 1, 3: 2}
        assert summary.severities == {"unknown": 3}
        assert (summary.modes, summary.reviews) == ({"rules_only": 3}, {"degraded": 3})


def test_a_ticket_that_breaks_the_model_costs_the_others_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    router = Router(POLICY, predictor(lambda t: broken(t) if t.id == "b" else prediction()))
    tickets = [Ticket(id=name, body=PLANTED) for name in "abc"]
    assert [a.mode for a in router.route(tickets, NOW)] == ["full", "rules_only", "full"]
    assert caplog.messages == ["model failed (RuntimeError): answering by rules only"]


def test_many_tickets_go_in_batches(tmp_path: Path) -> None:
    sizes: list[int] = []
    heard: list[tuple[float, int]] = []

    class Counting(Router):
        def route(self, tickets: Sequence[Ticket], now: Any) -> list[Recommendation]:
            sizes.append(len(tickets))
            return super().route(tickets, now)

    records = [{"id": str(n), "body": CALM} for n in range(1025)]
    out = tmp_path / "out.jsonl"
    run(
        write(tmp_path / "in.csv", records),
        out,
        Counting(POLICY),
        lambda *said: heard.append(said),
    )
    assert sizes == [512, 512, 1]
    assert [row["id"] for row in read(out)] == [r["id"] for r in records]
    assert [count for _, count in heard] == [512, 1024, 1025]
    assert heard[-1][0] == 1.0
    assert sorted(heard) == heard


def test_one_clock_for_all(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    run(write(tmp_path / "in.csv", [{"body": CALM}] * 3), out)
    assert len({row["respond_by"] for row in read(out)}) == 1


def test_a_table_that_is_given_nothing(tmp_path: Path) -> None:
    table = Table[dict[str, Any]].of_cells(pa.schema([("id", pa.string())]), dict)
    for suffix in SUFFIXES:
        with TableFile(tmp_path / f"out{suffix}", table) as rows:
            rows.write([])
        assert read(tmp_path / f"out{suffix}") == []

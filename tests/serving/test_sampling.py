"""A blind sample: the same tickets from any file, in any order, and no answer in it."""

import csv
import json
import random
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.corpus import read_rows
from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import Ticket
from tierline.serving.backlog.sampling import Plan, Summary, place, sample
from tierline.serving.backlog.scoring import quarantine_path

SUFFIXES = (".csv", ".jsonl", ".parquet")
FULL: dict[str, Any] = {
    "id": "a",
    "subject": "Ünvoice, \"wrong\"",
    "body": "two\nlines",
    "channel": "email",
    "customer_tier": "smb",
    "industry": "retail",
    "created_at": "2025-03-10T11:00:00Z",
    "waited_minutes": 30,
    "attempts": 2,
    "order_value": 12.5,
    "current_tier": 3,
    "locked_by_human": True,
    "severity": "P1",
    "issue_type": "bug",
    "tier": 3,
    "reasons": "because",
}  # fmt: skip


def write(path: Path, records: list[dict[str, Any]]) -> TicketFile:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return TicketFile(path)


def draw(tickets: TicketFile, out: Path, plan: Plan) -> Summary:
    return sample(tickets, out, plan, lambda _share, _count: None)


def rows_of(path: Path) -> list[Row]:
    rows = list(TicketFile(path))
    assert not any(isinstance(row, BadRow) for row in rows)
    return [row for row in rows if isinstance(row, Row)]


def drawn_ids(records: list[dict[str, Any]], folder: Path, plan: Plan) -> list[str | None]:
    draw(write(folder / "in.jsonl", records), folder / "out.jsonl", plan)
    return [row.ticket.id for row in rows_of(folder / "out.jsonl")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_sheet_shows_the_ticket_and_no_answer(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    tickets = write(tmp_path / "in.jsonl", [FULL, {"body": "no id"}])
    draw(tickets, out, Plan(share=1.0))
    first, second = rows_of(out)
    hidden = {"current_tier": None, "locked_by_human": False}
    (given_row, _) = list(tickets)
    assert isinstance(given_row, Row)
    assert first.ticket == given_row.ticket.model_copy(update=hidden)
    assert (first.labels, first.named) == ({}, True)
    assert first.extra == {"industry": "retail", "origin": "blind_sample", "sample_share": "1.0"}
    assert not second.named
    columns = (
        pq.read_schema(out).names
        if suffix == ".parquet"
        else list(json.loads(out.read_text().splitlines()[0]))
        if suffix == ".jsonl"
        else out.read_text().splitlines()[0].split(",")
    )
    assert columns[-5:] == ["severity", "issue_type", "sentiment", "origin", "sample_share"]
    assert not {"tier", "reasons", "current_tier", "locked_by_human"} & set(columns)


words = st.text(min_size=1, max_size=30).filter(lambda t: bool(t.strip()))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(words, max_size=4), st.sampled_from(SUFFIXES))
def test_words_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("words")
    tickets = write(folder / "in.jsonl", [{"id": "x", "body": b} for b in ["fine", *bodies]])
    usable = [r.ticket.body for r in tickets if isinstance(r, Row)]
    summary = draw(tickets, folder / f"out{suffix}", Plan(share=1.0))
    kept = [row.ticket.body for row in rows_of(folder / f"out{suffix}")]
    assert len(kept) == summary.seen.total()
    assert [b for b in usable if b in kept] == kept


ids = st.lists(
    st.text("abc0123456789", min_size=1, max_size=6), unique=True, min_size=1, max_size=40
)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(ids, st.floats(0, 1), st.integers(0, 9), st.randoms(use_true_random=False), st.booleans())
def test_a_ticket_is_drawn_or_not_in_any_file_and_any_order(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    share: float,
    seed: int,
    rng: random.Random,
    named: bool,
) -> None:
    folder = tmp_path_factory.mktemp("order")
    records = [{"id": n, "body": n} if named else {"body": n} for n in names]
    plan = Plan(share=share, seed=seed)

    def drawn(chosen: list[dict[str, str]]) -> set[str]:
        draw(write(folder / "in.jsonl", chosen), folder / "out.jsonl", plan)
        return {row.ticket.body for row in rows_of(folder / "out.jsonl")}

    whole = drawn(records)
    some = rng.sample(records, rng.randint(1, len(records)))
    assert drawn(some) == whole & {r["body"] for r in some}
    assert drawn([{"id": "extra", "body": "extra"}, *records]) - {"extra"} == whole


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=9), st.integers(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_what_a_smaller_one_drew(
    name: str, seed: int, one: float, other: float
) -> None:
    stands = place(Row(1, Ticket(id=name, body="x")), seed)
    assert 0 <= stands < 1
    small, large = sorted((one, other))
    assert stands >= small or stands < large


def test_the_words_stand_in_for_an_id_that_the_file_does_not_give() -> None:
    one, other = (Row(n, Ticket(id=str(n), body="same"), named=False) for n in (1, 2))
    assert place(one, 1) == place(other, 1)
    assert place(Row(1, one.ticket), 1) != place(Row(2, other.ticket), 1)


def test_a_share_is_a_share_and_another_seed_another_draw(tmp_path: Path) -> None:
    records = [{"id": f"t{i}", "body": f"ticket {i}"} for i in range(2_000)]
    one = drawn_ids(records, tmp_path, Plan(share=0.1))
    other = drawn_ids(records, tmp_path, Plan(share=0.1, seed=14))
    assert 150 < len(one) < 250
    assert 150 < len(other) < 250
    assert len(set(one) & set(other)) < 50


def test_a_count_of_every_group_with_the_share_it_is_of_it(tmp_path: Path) -> None:
    channels = ["email"] * 30 + ["chat"] * 6 + [None] * 3
    records = [{"id": f"t{i}", "body": "x", "channel": c} for i, c in enumerate(channels)]
    plan = Plan(count=5, by=("channel",))
    summary = draw(write(tmp_path / "in.jsonl", records), tmp_path / "out.csv", plan)
    assert summary.seen == {("email",): 30, ("chat",): 6, ("",): 3}
    assert summary.drawn == {("email",): 5, ("chat",): 5, ("",): 3}
    rows = rows_of(tmp_path / "out.csv")
    shares = {r.ticket.channel: float(r.extra["sample_share"]) for r in rows}
    assert shares == pytest.approx({"email": 5 / 30, "chat": 5 / 6, None: 1.0})
    assert sum(1 / float(r.extra["sample_share"]) for r in rows) == pytest.approx(39)
    records.reverse()
    again = drawn_ids(records, tmp_path, plan)
    assert sorted(map(str, again)) == sorted(str(r.ticket.id) for r in rows)
    order = [r["id"] for r in records]
    assert again == sorted(again, key=order.index)


def test_every_ticket_is_as_likely_as_any_other() -> None:
    rows = [Row(i, Ticket(id=f"t{i}", body="x")) for i in range(40)]
    hits = Counter(r.number for seed in range(500) for r in rows if place(r, seed) < 0.5)
    assert min(hits[i] for i in range(40)) > 200
    assert max(hits.values()) < 300


def test_poison_rows_and_empty_tickets_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"body": "good"}\n{"body": "zebra\n{"body": " "}\n[]\n{"body": "fine"}\n')
    summary = draw(TicketFile(path), tmp_path / "out.csv", Plan(share=1.0))
    assert summary.quarantined == 3
    assert [row.ticket.body for row in rows_of(tmp_path / "out.csv")] == ["good", "fine"]
    aside = quarantine_path(tmp_path / "out.csv").read_text()
    assert [json.loads(line)["row"] for line in aside.splitlines()] == [2, 3, 4]
    assert "zebra" not in aside


def test_refusals_leave_nothing_behind(tmp_path: Path) -> None:
    tickets = write(
        tmp_path / "in.jsonl", [{"body": "x", "channel": f"c{i}"} for i in range(1_001)]
    )
    with pytest.raises(InputError, match="another file than the tickets"):
        draw(tickets, tickets.path, Plan())
    with pytest.raises(InputError, match=r"at most 1,000 groups; channel of in\.jsonl make more"):
        draw(tickets, tmp_path / "out.csv", Plan(count=1, by=("channel",)))
    with pytest.raises(InputError, match="--out: expected a file ending in"):
        draw(tickets, tmp_path / "out.xlsx", Plan())
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


def test_tickets_named_as_a_samples_own_quarantine_stay(tmp_path: Path) -> None:
    tickets = write(tmp_path / "out.csv.quarantine.jsonl", [FULL])
    with pytest.raises(InputError, match=r"beside which it writes out\.csv\.quarantine\.jsonl"):
        draw(tickets, tmp_path / "out.csv", Plan())
    assert tickets.path.exists()


class Watched(TicketFile):
    """Counts the rows that somebody still holds."""

    alive = most = 0

    def __iter__(self) -> Iterator[Row | BadRow]:
        for row in super().__iter__():
            weakref.finalize(row, self._released)
            self.alive += 1
            self.most = max(self.most, self.alive)
            yield row

    def _released(self) -> None:
        self.alive -= 1


@pytest.mark.parametrize("plan", [Plan(share=0.02), Plan(count=20), Plan(share=1.0)])
def test_few_rows_are_held_however_long_the_file(tmp_path: Path, plan: Plan) -> None:
    write(tmp_path / "in.jsonl", [{"id": f"t{i}", "body": "x"} for i in range(3_000)])
    tickets = Watched(tmp_path / "in.jsonl")
    assert draw(tickets, tmp_path / "out.csv", plan).seen.total() == 3_000
    assert 0 < tickets.most < 1_000


def fill_in(sheet: Path) -> None:
    """Label the first two tickets, as somebody would in a spreadsheet or a script."""
    if sheet.suffix == ".parquet":
        cells = pq.read_table(sheet).to_pylist()
    elif sheet.suffix == ".jsonl":
        cells = [json.loads(line) for line in sheet.read_text().splitlines()]
    else:
        cells = list(csv.DictReader(sheet.read_text().splitlines()))
    for row in cells[:2]:
        row["severity"] = "P2"
    if sheet.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(cells), sheet)
    elif sheet.suffix == ".jsonl":
        write(sheet, cells)
    else:
        with sheet.open("w", newline="") as file:
            writer = csv.DictWriter(file, cells[0].keys(), delimiter=";")
            writer.writeheader()
            writer.writerows(cells)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sheet_half_filled_in_is_read_and_the_rest_is_counted(
    tmp_path: Path, suffix: str
) -> None:
    records = [{"id": f"t{i}", "body": f"ticket {i}"} for i in range(6)]
    out = tmp_path / f"out{suffix}"
    draw(write(tmp_path / "in.jsonl", records), out, Plan(share=1.0))
    with (
        Quarantine(tmp_path / "q.jsonl") as quarantine,
        pytest.raises(InputError, match="none of the 6 rows of this blind sample is labelled"),
    ):
        read_rows([out], {}, quarantine)
    fill_in(out)
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        rows = read_rows([out], {}, quarantine)
    assert [(r.ticket.id, dict(r.labels)) for r in rows] == [
        ("t0", {"severity": "P2"}),
        ("t1", {"severity": "P2"}),
    ]
    assert (quarantine.waiting, quarantine.count) == (4, 0)

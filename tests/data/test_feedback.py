"""Corrections: what counts as evidence, whose label wins, and which tickets stay held out."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import InputError, Ticket
from tierline.data.feedback import Agreement, Correction, Origin, agreement, read_feedback
from tierline.data.gold import divide
from tierline.data.merging import TicketPool
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.data.splitting import fingerprint

ASKED = (
    "the invoice of march is wrong and nobody at the desk answers my mails about it since monday"
)


def read(folder: Path, *rows: dict[str, Any]) -> tuple[list[Correction], list[str]]:
    """Return the corrections of a file, and the reasons of its rows that are quarantined."""
    path = folder / "feedback.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Quarantine(folder / "q.jsonl") as quarantine:
        found = read_feedback([path], quarantine)
    bad = quarantine.path.read_text().splitlines() if quarantine.count else []
    return found, [json.loads(line)["reason"] for line in bad]


def ticket(body: str, ticket_id: str | None = None, **labels: str) -> Row:
    named = ticket_id is not None
    return Row(1, Ticket(id=ticket_id or "1", body=body), labels, named=named)


def correction(row: Row, origin: Origin = Origin.HUMAN, **answered: str) -> Correction:
    return Correction(row, origin, None, answered)


def labels(pool: TicketPool) -> list[dict[str, str]]:
    return [dict(row.labels) for row, _ in pool.labelled()]


def test_a_label_that_repeats_the_answer_is_no_evidence_unless_given_blind(tmp_path: Path) -> None:
    row = {"id": "a", "severity": "P2", "issue_type": "bug", "model_severity": "P2"}
    found, bad = read(
        tmp_path,
        row | {"origin": "human"},
        row | {"origin": "import"},
        row | {"origin": " Blind_Sample "},
    )
    both = {"severity": "P2", "issue_type": "bug"}
    assert [c.evidence for c in found] == [{"issue_type": "bug"}, {"issue_type": "bug"}, both]
    assert bad == []


def test_blind_and_seen_answers_are_told_apart(tmp_path: Path) -> None:
    row = {"id": "a", "model_severity": "P2"}
    found, _ = read(
        tmp_path,
        *[row | {"origin": "human", "severity": "P2"}] * 9,
        row | {"origin": "human", "severity": "P1"},
        row | {"origin": "blind_sample", "severity": "P2"},
        row | {"origin": "blind_sample", "severity": "P3"},
        row | {"origin": "import", "severity": "P2"},
        {"id": "a", "origin": "human", "sentiment": "neutral"},
    )
    assert agreement(found) == {"severity": Agreement(blind=(1, 2), seen=(9, 10))}
    assert agreement([]) == {}


def test_unusable_feedback_is_quarantined_with_its_reason(tmp_path: Path) -> None:
    good = {"id": "a", "severity": "P2", "origin": "human"}
    found, bad = read(
        tmp_path,
        good,
        {"id": "a", "origin": "human"},
        {"severity": "P2", "origin": "human"},
        {"id": "a", "severity": "P2"},
        good | {"origin": "my secret words"},
        good | {"corrected_at": "last week"},
        {"text": "help", "severity": "P2", "origin": "human"},
    )
    assert [c.has_words for c in found] == [False, True]
    assert bad == [
        "expected a label: severity, issue_type, sentiment",
        "expected the ticket's words, or the id of a known ticket",
        "origin: expected one of human, blind_sample, import",
        "origin: expected one of human, blind_sample, import",
        "corrected_at: expected an ISO 8601 time",
    ]


def test_csv_and_parquet_are_read_alike_and_the_newest_comes_last(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "severity": "P1", "origin": "human", "corrected_at": "2026-02-01T10:00:00"},
        {"id": "a", "severity": "P2", "origin": "human", "corrected_at": "2026-01-01T10:00:00"},
    ]
    (tmp_path / "f.csv").write_text(
        "id,severity,origin,corrected_at\n" + "".join(",".join(r.values()) + "\n" for r in rows)
    )
    table = pa.Table.from_pylist(rows)
    when = table["corrected_at"].cast(pa.timestamp("us"))
    pq.write_table(table.set_column(3, "corrected_at", when), tmp_path / "f.parquet")
    for name in ("f.csv", "f.parquet"):
        with Quarantine(tmp_path / "q.jsonl") as quarantine:
            found = read_feedback([tmp_path / name], quarantine)
        assert [c.row.labels["severity"] for c in found] == ["P2", "P1"]
        assert quarantine.count == 0
    with pytest.raises(InputError, match="found none at"):
        read_feedback([tmp_path / "none.csv"], quarantine)


def test_the_newest_correction_wins_over_the_old_label_head_by_head() -> None:
    pool = TicketPool([ticket(ASKED, "a", severity="P4", issue_type="billing")])
    for severity in ("P3", "P2"):
        assert pool.correct(correction(ticket("", "a", severity=severity)))
    assert labels(pool) == [{"severity": "P2", "issue_type": "billing"}]
    assert [dict(corrected) for _, corrected in pool.labelled()] == [{"severity": "P2"}]
    assert pool.correct(correction(ticket("", "a", severity="P3"), severity="P3"))
    assert labels(pool)[0]["severity"] == "P2"


def test_a_correction_finds_its_ticket_by_words_too_or_adds_it() -> None:
    pool = TicketPool([ticket(ASKED, severity="P4")])
    assert pool.correct(correction(ticket(ASKED.upper() + "!", "x", severity="P1")))
    assert pool.correct(correction(ticket("a new matter", "y", severity="P3")))
    assert labels(pool) == [{"severity": "P1"}, {"severity": "P3"}]
    assert not pool.correct(correction(ticket("", "unheard", severity="P1")))


def test_a_number_that_stands_in_for_an_id_names_no_ticket() -> None:
    pool = TicketPool([ticket(ASKED, severity="P4")])
    assert not pool.correct(correction(ticket("", "1", severity="P1")))


def test_an_id_of_two_tickets_names_neither() -> None:
    pool = TicketPool([ticket("first matter", "7", severity="P4"), ticket("other", "7")])
    assert not pool.correct(correction(ticket("", "7", severity="P1")))


def test_a_ticket_without_labels_gets_those_of_its_correction() -> None:
    pool = TicketPool([ticket(ASKED, "a"), ticket("never labelled", "b")])
    assert labels(pool) == []
    pool.correct(correction(ticket("", "a", severity="P1")))
    assert labels(pool) == [{"severity": "P1"}]


def test_repeats_are_merged_and_forms_that_begin_alike_are_not() -> None:
    form = "Request form of the internal service desk, please do fill in every single field: "
    assert fingerprint(ticket(form + "a")) == fingerprint(ticket(form + "b"))
    pool = TicketPool(
        [
            ticket(ASKED, severity="P4"),
            ticket(ASKED.capitalize() + " ", severity="P3", issue_type="billing"),
            ticket(ASKED + ".", sentiment="neutral"),
            ticket(form + "my screen is black", severity="P2"),
            ticket(form + "a new badge for Anna", severity="P4"),
        ]
    )
    assert pool.repeats == 2
    assert labels(pool) == [
        {"severity": "P3", "issue_type": "billing", "sentiment": "neutral"},
        {"severity": "P2"},
        {"severity": "P4"},
    ]


def split(body: str, part: str) -> Row:
    return Row(1, Ticket(id="1", body=body), {"severity": "P1"}, {"split": part}, named=False)


def test_a_split_column_decides_and_held_out_starts_are_never_learnt() -> None:
    rows = [
        split(ASKED, "test"),
        split(ASKED + " and another thirty words that make it quite another ticket", "train"),
        split("a", "validation"),
        split("b", "train"),
    ]
    parts, left_out = divide(rows)
    assert {name: len(found) for name, found in parts.items()} == {
        "train": 1,
        "validation": 1,
        "test": 1,
    }
    assert left_out == 1
    pool = TicketPool([split(ASKED, "train"), split(ASKED, "test"), split(ASKED, "train")])
    parts, _ = divide([row for row, _ in pool.labelled()])
    assert [len(found) for found in parts.values()] == [0, 0, 1]


WORDS = st.text("abcdefgh ", min_size=1, max_size=90).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(months=st.lists(st.lists(WORDS, max_size=25), min_size=2, max_size=5), data=st.data())
def test_held_out_tickets_are_never_learnt_however_the_data_grows(
    months: list[list[str]], data: st.DataObject
) -> None:
    bodies: list[str] = []
    ever_held: set[str] = set()
    ever_learnt: set[str] = set()
    for month in months:
        bodies += month
        shuffled = data.draw(st.permutations(bodies))
        pool = TicketPool([ticket(body, severity="P1") for body in shuffled])
        parts, left_out = divide([row for row, _ in pool.labelled()])
        assert left_out == 0
        ever_held |= {fingerprint(row) for row in parts["test"]}
        ever_learnt |= {fingerprint(r) for name in ("train", "validation") for r in parts[name]}
        assert not ever_held & ever_learnt


def test_the_parts_have_their_shares() -> None:
    parts, _ = divide([ticket(f"matter {i} of {i * i}") for i in range(2000)])
    sizes = [len(parts[name]) / 2000 for name in ("train", "validation", "test")]
    assert sizes == pytest.approx([0.70, 0.15, 0.15], abs=0.03)


def test_rows_of_a_blind_sample_that_wait_for_labels_are_counted_not_refused(
    tmp_path: Path,
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "id,body,severity,origin\n1,all is down,,blind_sample\n2,please advise,P4,blind_sample\n"
    )
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        (found,) = read_feedback([sheet], quarantine)
    assert found.row.labels == {"severity": "P4"}
    assert (quarantine.waiting, quarantine.count) == (1, 0)

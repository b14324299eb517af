"""The tickets of one retraining: held-out ones keep their labels, and nobody learnt them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.training.ledger import Ledger, read_ledger, write_ledger
from tierline.training.retraining.assembly import Assembled, Sources, assemble

COUNT = 60


def tickets(**changes: Any) -> list[dict[str, Any]]:
    rows = [
        {"id": f"t{i}", "body": f"{i} times the {i * 7919} asked", "severity": f"P{i % 4 + 1}"}
        for i in range(COUNT)
    ]
    return [row | changes for row in rows]


def put(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def assembled(
    folder: Path,
    rows: list[dict[str, Any]],
    ledger: Ledger | None = None,
    feedback: list[dict[str, Any]] | None = None,
    since: datetime | None = None,
) -> Assembled:
    files = [put(folder, "feedback.jsonl", feedback)] if feedback else []
    sources = Sources([put(folder, "data.jsonl", rows)], files, since)
    with Quarantine(folder / "q.jsonl") as quarantine:
        return assemble(sources, ledger, quarantine)


def ledger(before: Assembled) -> Ledger:
    return read_ledger(write_ledger(before.corpus.parts))


def held(found: Assembled) -> dict[str, str]:
    return {str(r.ticket.id): r.labels["severity"] for r in found.corpus.parts["test"]}


def test_spoilt_labels_do_not_spoil_the_yardstick(tmp_path: Path) -> None:
    before = assembled(tmp_path, tickets())
    after = assembled(tmp_path, tickets(severity="P4"), ledger(before))
    assert held(after) == held(before)
    assert len(set(held(before).values())) > 1
    assert (after.relabelled, after.known) == (COUNT * 3 // 4, COUNT)
    assert {r.labels["severity"] for r in after.corpus.parts["train"]} == {"P4"}


def test_a_correction_reaches_held_out_tickets_and_is_no_relabelling(tmp_path: Path) -> None:
    before = assembled(tmp_path, tickets())
    ticket_id = next(i for i, label in held(before).items() if label != "P1")
    feedback = [{"id": ticket_id, "severity": "P1", "origin": "human"}]
    after = assembled(tmp_path, tickets(), ledger(before), feedback)
    assert held(after) == held(before) | {ticket_id: "P1"}
    assert (after.relabelled, after.known) == (0, COUNT - 1)
    assert after.corpus.digests.keys() == {"data.jsonl", "feedback.jsonl"}


def test_tickets_that_the_champion_learnt_from_are_not_held_against_the_challenger(
    tmp_path: Path,
) -> None:
    fair = assembled(tmp_path, tickets())
    test = fair.corpus.parts["test"]
    learnt = read_ledger(write_ledger({"train": test[:2], "test": test[2:]}))
    after = assembled(tmp_path, tickets(), learnt)
    assert after.corpus.parts["test"] == test[2:]
    assert after.corpus.parts["train"] == fair.corpus.parts["train"]
    assert "2 held-out tickets left out because the champion learnt from them" in after.notes
    with pytest.raises(InputError, match=r"for the test part; found none \(the champion learnt"):
        assembled(tmp_path, tickets(), read_ledger(write_ledger({"validation": test})))


def test_since_leaves_older_tickets_out(tmp_path: Path) -> None:
    rows = tickets()
    for i, row in enumerate(rows):
        row["created_at"] = f"2026-0{1 + i % 2}-01" if i % 3 else None
    feedback = [
        {"text": "an old matter", "severity": "P1", "origin": "human", "corrected_at": "2025-01-01"}
    ]
    whole = assembled(tmp_path, rows, feedback=feedback)
    recent = assembled(tmp_path, rows, feedback=feedback, since=datetime(2026, 2, 1, tzinfo=UTC))
    sizes = [sum(map(len, found.corpus.parts.values())) for found in (whole, recent)]
    assert sizes == [COUNT + 1, COUNT * 2 // 3]
    assert f"{COUNT // 3 + 1} tickets before --since left out" in recent.notes


def test_the_ledger_holds_no_words(tmp_path: Path) -> None:
    found = assembled(tmp_path, tickets())
    text = write_ledger(found.corpus.parts)
    assert text.count("\n") == COUNT
    assert "asked" not in text
    known = read_ledger(text)
    assert known.taught == {"severity": frozenset({"P1", "P2", "P3", "P4"})}
    row = found.corpus.parts["train"][0]
    assert (known.learnt_from(row), known.labels_of(row)) == (True, row.labels)
    assert not known.learnt_from(found.corpus.parts["test"][0])


def test_old_labels_are_read_by_the_labels_file_wherever_they_stand(tmp_path: Path) -> None:
    before = assembled(tmp_path, tickets())
    book = tmp_path / "labels.toml"
    book.write_text('[severity.P4]\nmerged_into = "P3"\n\n[severity.P2]\nretired = true\n')
    given = [{"id": "t0", "severity": "P4", "model_severity": "P4", "origin": "blind_sample"}]
    rows = tickets(sentiment="neutral")
    files = [put(tmp_path, "data.jsonl", rows)], [put(tmp_path, "feedback.jsonl", given)]
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        found = assemble(Sources(*files, labels=book), ledger(before), quarantine)
    labels = {row.labels.get("severity") for part in found.corpus.parts.values() for row in part}
    assert labels == {"P1", "P3", None}
    assert found.relabelled == 0  # renaming is no spoilt label
    (correction,) = found.corrections
    assert (correction.row.labels["severity"], correction.answered["severity"]) == ("P3", "P3")
    assert any("severity P4 read as P3 in 15 rows" in note for note in found.notes)
    assert ledger(before).under(found.corpus.book).taught["severity"] == {"P1", "P3"}


def test_a_correction_reaches_a_ticket_whose_only_label_was_retired(tmp_path: Path) -> None:
    book = tmp_path / "labels.toml"
    book.write_text("[severity.P4]\nretired = true\n")
    given = [{"id": f"t{i}", "severity": "P3", "origin": "human"} for i in range(3, COUNT, 4)]
    files = [put(tmp_path, "data.jsonl", tickets())], [put(tmp_path, "feedback.jsonl", given)]
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        found = assemble(Sources(*files, labels=book), None, quarantine)
    rows = [row for part in found.corpus.parts.values() for row in part]
    assert len(rows) == COUNT
    assert sum(row.labels["severity"] == "P3" for row in rows) == COUNT // 2
    assert not any("no known ticket" in note for note in found.notes)

"""The texts to measure strangers with keep what the data's README says of them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tierline.data import LABELS

FOLDER = Path(__file__).parents[2] / "data" / "foreign"
FIELDS = {"id", "subject", "body", "kind", "split"}


def read(name: str) -> list[dict[str, Any]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "count", "kinds"), [("not_tickets.jsonl", 200, 20), ("other_languages.jsonl", 220, 14)]
)
def test_counts_fields_and_halves(name: str, count: int, kinds: int) -> None:
    rows = read(name)
    assert (len(rows), len({row["kind"] for row in rows})) == (count, kinds)
    assert all(row.keys() == FIELDS and row["body"].strip() for row in rows)
    assert len({row["id"] for row in rows}) == len({row["body"] for row in rows}) == count
    halves = Counter(row["split"] for row in rows)
    assert halves == {"calibration": count / 2, "test": count / 2}


def test_the_tickets_in_four_languages_are_labelled() -> None:
    rows = read("four_languages.jsonl")
    counts = Counter(row["language"] for row in rows)
    assert counts == dict.fromkeys(["de", "es", "fr", "pt"], 25)
    assert all(row[head] in labels for row in rows for head, labels in LABELS.items())
    assert len({row["body"] for row in rows}) == 100
    incidents = [row["issue_type"] in {"data_loss", "security_breach"} for row in rows]
    assert sum(incidents) >= 25
    assert not any(
        "near_miss" in row["tags"] for row, own in zip(rows, incidents, strict=True) if own
    )

"""The seed corpus keeps what its datasheet promises."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from tierline.data import LABELS, CustomerTier
from tierline.data.splitting import SPLITS

FOLDER = Path(__file__).parents[1] / "data" / "tickets"
FIELDS = {
    "id": str,
    "subject": str,
    "body": str,
    "severity": str,
    "issue_type": str,
    "sentiment": str,
    "channel": str,
    "customer_tier": str,
    "industry": str,
    "split": str,
    "tags": list,
}
#: Training tickets may be in these; no other part has any, and English ones name no language.
LANGUAGES = {"de", "es", "fr", "pt"}
NEAR = 0.8
#: Shorter ones ("ok", "hello?", "asdfgh") are alike by chance and give nothing away.
TELLING_CHARS = 12
Rows = list[dict[str, Any]]


def words(row: dict[str, Any]) -> str:
    """Return the ticket's words; a number is like any other of its length."""
    return re.sub(r"\d", "0", f"{row['subject']}\n{row['body']}".strip())


@pytest.fixture(scope="module")
def parts() -> dict[str, Rows]:
    return {
        split: [
            json.loads(line)
            for line in (FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for split in SPLITS
    }


@pytest.fixture(scope="module")
def rows(parts: dict[str, Rows]) -> Rows:
    return [row for part in parts.values() for row in part]


def test_fields_and_vocabulary(parts: dict[str, Rows]) -> None:
    for split, part in parts.items():
        for row in part:
            foreign = split == "train" and row.get("language") in LANGUAGES
            fields = FIELDS | {"language": str} if foreign else FIELDS
            assert {k: type(v) for k, v in row.items()} == fields, row["id"]
            assert row["split"] == split
            assert all(row[head] in labels for head, labels in LABELS.items()), row["id"]
            assert row["customer_tier"] in set(CustomerTier), row["id"]
            assert row["industry"], row["id"]
            assert set(row["tags"]) <= {"near_miss", "several_matters"}, row["id"]


def test_ids_are_unique(rows: Rows) -> None:
    assert len({row["id"] for row in rows}) == len(rows)


def test_lengths(rows: Rows) -> None:
    counts = np.array([len(words(row).split()) for row in rows])
    assert counts.min() >= 1
    assert counts.max() <= 260
    assert 0 < (counts < 3).mean() < 0.03


def test_no_label_is_thin(rows: Rows) -> None:
    assert len(rows) >= 3000
    issues = Counter(row["issue_type"] for row in rows)
    assert {label: n for label, n in issues.items() if n < 150} == {}
    assert issues.keys() == set(LABELS["issue_type"])
    assert sum(row["severity"] == "P1" for row in rows) >= 350
    sentiments = Counter(row["sentiment"] for row in rows)
    assert {label: n for label, n in sentiments.items() if n < 350} == {}
    assert len({row["industry"] for row in rows}) >= 25


def test_incidents_and_near_misses_are_many(rows: Rows) -> None:
    assert sum(row["issue_type"] in {"data_loss", "security_breach"} for row in rows) >= 300
    assert sum("near_miss" in row["tags"] for row in rows) >= 300


def test_a_fifth_carries_several_matters(parts: dict[str, Rows], rows: Rows) -> None:
    def share(part: Rows) -> float:
        return sum("several_matters" in row["tags"] for row in part) / len(part)

    assert share(rows) == pytest.approx(0.2, abs=0.02)
    assert all(share(part) > 0.15 for part in parts.values())


def test_shares_of_the_parts(parts: dict[str, Rows], rows: Rows) -> None:
    shares = [len(parts[split]) / len(rows) for split in SPLITS]
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.05)


def nearest(first: list[str], second: list[str]) -> NDArray[np.float64]:
    """Return each first text's highest similarity to a second, by letters, 0 to 1."""
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(3, 5), dtype=np.float32)
    matrix = vectorizer.fit_transform([*first, *second])
    others = matrix[len(first) :].T
    found = [
        (matrix[i : min(i + 256, len(first))] @ others).toarray().max(axis=1)
        for i in range(0, len(first), 256)
    ]
    return np.concatenate(found)


@pytest.mark.parametrize(("one", "other"), [*combinations(SPLITS, 2)])
def test_no_ticket_is_nearly_in_two_parts(parts: dict[str, Rows], one: str, other: str) -> None:
    first, second = (
        [row for row in parts[part] if len(words(row)) >= TELLING_CHARS] for part in (one, other)
    )
    similarity = nearest([words(r) for r in first], [words(r) for r in second])
    near = [first[i]["id"] for i in np.flatnonzero(similarity >= NEAR)]
    assert near == []


def test_a_planted_near_duplicate_is_found(parts: dict[str, Rows]) -> None:
    train = [words(r) for r in parts["train"][:400]]
    original = max(train, key=len)
    planted = "Hi again. " + original.replace("the", "our", 2)
    similarity = nearest(["something else entirely", planted], train)
    assert similarity[0] < NEAR <= similarity[1]
    assert planted not in train

"""Files become a corpus; what can't be used goes to quarantine with a reason."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tierline.data import InputError
from tierline.data.corpus import Corpus, load_corpus, read_rows
from tierline.data.digest import sha256
from tierline.data.quarantine import Quarantine
from tierline.data.rows import BadRow


def write(path: Path, items: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def labelled(n: int, **more: object) -> list[dict[str, Any]]:
    return [{"body": f"ticket {i}", "severity": "P1", **more} for i in range(n)]


def load(*paths: Path, seed: int = 1) -> Corpus:
    with Quarantine(paths[0].parent / "quarantine.jsonl") as quarantine:
        return load_corpus(paths, {}, quarantine, seed)


def quarantined(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_kept_or_quarantined_and_none_is_lost(tmp_path: Path) -> None:
    items = [
        {"body": "fine", "severity": "P1"},
        {"body": " <p>&nbsp;</p>\u200b ", "severity": "P1"},
        {"body": "no label"},
        {"body": "x" * 1_000_000, "severity": "P1"},
        {"subject": "fine too", "issue_type": "a label of my own"},
    ]
    path = write(tmp_path / "a.jsonl", items)
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        rows = read_rows([path], {}, quarantine)
        assert [row.number for row in rows] == [1, 5]
        assert quarantine.count == 3
    assert quarantined(tmp_path / "q.jsonl") == [
        {"file": "a.jsonl", "row": 2, "reason": "expected words; the text is empty"},
        {
            "file": "a.jsonl",
            "row": 3,
            "reason": "expected a label: severity, issue_type, sentiment",
        },
        {
            "file": "a.jsonl",
            "row": 4,
            "reason": "body: expected at most 200,000 characters; found 1,000,000",
        },
    ]


@pytest.mark.parametrize("items", [[], [{"body": "no label"}], [{"body": "", "severity": "P1"}]])
def test_no_usable_row(tmp_path: Path, items: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match=r"found no usable row.*--map issue_type=COLUMN"):
        load(write(tmp_path / "a.jsonl", items))


def test_where_no_row_is_usable_the_commonest_reason_is_told(tmp_path: Path) -> None:
    items = [*labelled(2, created_at="24/02/2015 11:35"), {"body": "no label"}]
    with pytest.raises(InputError) as caught:
        load(write(tmp_path / "a.jsonl", items))
    reason = "no usable row (2 of 3: created_at: expected an ISO 8601 time). Labels"
    assert reason in str(caught.value)
    with pytest.raises(InputError, match=r"found no usable row\. Labels"):
        load(write(tmp_path / "b.jsonl", items[2:]))


def test_mapped_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"text": f"ticket {i}", "topic": "x"} for i in range(10)])
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        corpus = load_corpus([path], {"issue_type": "topic"}, quarantine, 1)
    assert corpus.heads == ("issue_type",)
    assert {row.labels["issue_type"] for row in corpus.parts["train"]} == {"x"}


def test_a_corpus_is_the_same_each_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", labelled(40))
    corpus = load(path)
    assert load(path) == corpus
    assert load(path, seed=2).parts != corpus.parts
    assert [len(part) for part in corpus.parts.values()] == [28, 6, 6]
    assert corpus.digests == {"a.jsonl": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_files_of_one_name_each_have_a_digest(tmp_path: Path) -> None:
    one = write(tmp_path / "one" / "a.jsonl", labelled(10))
    two = write(tmp_path / "two" / "a.jsonl", labelled(20))
    assert load(one, two).digests == {"a.jsonl": sha256(one), str(two): sha256(two)}


def test_near_duplicates_in_two_files_share_a_part(tmp_path: Path) -> None:
    one, two = (write(tmp_path / f"{name}.jsonl", labelled(30)) for name in "ab")
    for part in load(one, two).parts.values():
        bodies = [row.ticket.body for row in part]
        assert all(bodies.count(body) == 2 for body in bodies)


def test_the_split_column_decides(tmp_path: Path) -> None:
    items = labelled(3, split="train") + labelled(2, split="validation") + labelled(1, split="test")
    corpus = load(write(tmp_path / "a.jsonl", items))
    assert {name: len(part) for name, part in corpus.parts.items()} == {
        "train": 3,
        "validation": 2,
        "test": 1,
    }


@pytest.mark.parametrize(("there", "missing"), [("train", "validation"), ("validation", "train")])
def test_an_empty_part(tmp_path: Path, there: str, missing: str) -> None:
    with pytest.raises(InputError, match=f"expected rows for the {missing} part; found none"):
        load(write(tmp_path / "a.jsonl", labelled(9, split=there)))


def test_validation_comes_from_train_where_a_split_has_none(tmp_path: Path) -> None:
    train = labelled(100, split="train")
    test = [{"body": f"tested {i}", "severity": "P2", "split": "test"} for i in range(20)]
    parts = load(write(tmp_path / "a.jsonl", [*train, *test, *train])).parts
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 170,
        "validation": 30,
        "test": 20,
    }
    assert {row.extra["split"] for row in parts["test"]} == {"test"}
    bodies = [{row.ticket.body for row in parts[name]} for name in ("train", "validation")]
    assert not bodies[0] & bodies[1]


def test_the_test_part_may_be_empty(tmp_path: Path) -> None:
    items = labelled(3, split="train") + labelled(2, split="validation")
    assert load(write(tmp_path / "a.jsonl", items)).parts["test"] == ()


def test_heads_are_those_that_training_rows_answer(tmp_path: Path) -> None:
    items = [
        {"body": "a", "split": "train", "sentiment": "neutral"},
        {"body": "b", "split": "train", "severity": "P1"},
        {"body": "c", "split": "validation", "issue_type": "bug"},
    ]
    assert load(write(tmp_path / "a.jsonl", items)).heads == ("severity", "sentiment")


def test_a_digest_of_more_than_one_block(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 2_500_000)
    assert sha256(tmp_path / "a") == hashlib.sha256(b"x" * 2_500_000).hexdigest()


def test_no_bad_row_leaves_no_quarantine_and_removes_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.jsonl"
    path.write_text("old")
    load(write(tmp_path / "a.jsonl", labelled(10)))
    assert not path.exists()


def test_a_bad_row_is_on_disk_at_once(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        quarantine.add(BadRow(3, "größer\n als"), Path("dir/ä.csv"))
        expected = {"file": "ä.csv", "row": 3, "reason": "größer\n als"}
        assert quarantined(tmp_path / "q.jsonl") == [expected]


def test_a_quarantine_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").mkdir()
    with pytest.raises(InputError, match=r"q\.jsonl: expected a file that can be written"):
        Quarantine(tmp_path / "q.jsonl")
    with (
        Quarantine(tmp_path / "nowhere" / "q.jsonl") as quarantine,
        pytest.raises(InputError, match="found: No such file"),
    ):
        quarantine.add(BadRow(1, "reason"), Path("a.csv"))


def test_a_file_name_that_is_no_utf_8_can_be_quarantined(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        quarantine.add(BadRow(1, "reason"), Path(os.fsdecode(b"gr\xfcn.csv")))
    assert quarantined(tmp_path / "q.jsonl")[0]["file"] == "gr\udcfcn.csv"

"""The parts of a benchmark: nothing is shared between them, nothing official is moved."""

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import InputError, Ticket
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, fingerprint
from tierline.training.benchmark.parts import divide, parts_digest, shared_beginnings


def row(number: int, body: str, label: str = "a", split: str | None = None) -> Row:
    extra = {} if split is None else {"split": split}
    return Row(number, Ticket(body=body), {"issue_type": label}, extra)


def many(count: int, labels: str = "ab", split: str | None = None, first: int = 0) -> list[Row]:
    return [
        row(first + i, f"word {first + i}", labels[i % len(labels)], split) for i in range(count)
    ]


words = st.sampled_from(["one", "two", "three", "four lost orders", "five", "six", "!!"])
some_rows = st.lists(st.tuples(words | st.text(max_size=6), st.sampled_from("abc")), max_size=60)


@settings(deadline=None)
@given(some_rows, st.integers(0, 99), st.none() | st.integers(2, 50))
def test_no_beginning_is_in_two_parts(
    items: list[tuple[str, str]], seed: int, limit: int | None
) -> None:
    rows = [row(i, body, label) for i, (body, label) in enumerate(items)]
    try:
        parts = divide(rows, seed, limit)
    except InputError as error:
        assert "part; found none" in str(error)
        return
    numbers = [r.number for part in parts.values() for r in part]
    assert len(numbers) == len(set(numbers))
    if limit is None:
        assert len(numbers) == len(rows)
    homes = [{fingerprint(r) for r in parts[name]} for name in SPLITS]
    assert len(set().union(*homes)) == sum(map(len, homes))
    assert shared_beginnings(parts) == 0
    taught = {r.labels["issue_type"] for r in parts["train"]}
    assert {r.labels["issue_type"] for r in parts["validation"]} <= taught
    assert parts_digest(divide(rows, seed, limit)) == parts_digest(parts)


@settings(deadline=None, max_examples=30)
@given(st.integers(100, 300), st.integers(2, 4), st.integers(0, 99), st.booleans())
def test_rows_that_begin_alike_are_learnt_or_validated_together(
    count: int, copies: int, seed: int, official: bool
) -> None:
    split = "train" if official else None
    rows = [row(i, f"word {i // copies}", "ab"[i % 2], split) for i in range(count)]
    tested = [row(i, f"test {i}", split="test") for i in range(count, count + 9)]
    parts = divide([*rows, *(tested if official else [])], seed)
    assert len(parts["validation"]) >= copies
    train, validation = ({fingerprint(r) for r in parts[name]} for name in ("train", "validation"))
    assert not train & validation


def test_shares_and_strata() -> None:
    parts = divide(many(1000, "aaaaaaaabc"), 1)
    assert {name: len(part) for name, part in parts.items()} == pytest.approx(
        {"train": 720, "validation": 80, "test": 200}, abs=1
    )
    found = Counter(r.labels["issue_type"] for r in parts["validation"])
    learnt = Counter(r.labels["issue_type"] for r in chain(parts["train"], parts["validation"]))
    for label in "abc":
        assert found[label] == pytest.approx(learnt[label] / 10, abs=1)


@pytest.mark.parametrize("seed", range(5))
def test_every_label_that_is_tested_is_learnt(seed: int) -> None:
    tail = [row(1000 + i, f"rare {i}", f"rare {i // 3}") for i in range(300)]
    parts = divide([*many(300), *tail], seed)
    labels = {name: {r.labels["issue_type"] for r in part} for name, part in parts.items()}
    assert labels["test"] <= labels["train"]
    assert len(labels["train"]) == 102
    assert len(parts["test"]) == 120


def test_another_seed_divides_otherwise() -> None:
    digests = {parts_digest(divide(many(100), seed)) for seed in range(5)}
    assert len(digests) == 5


def test_an_official_split_may_call_its_parts_otherwise() -> None:
    rows = [*many(40, split="training"), *many(10, split="testing", first=40)]
    assert [r.number for r in divide(rows, 1)["test"]] == list(range(40, 50))


def test_an_official_split_is_kept_and_validation_comes_from_its_train_rows() -> None:
    rows = [*many(100, split="train"), *many(30, split=" TEST", first=100)]
    one, other = divide(rows, 1), divide(rows, 2)
    for parts in (one, other):
        assert [r.number for r in parts["test"]] == list(range(100, 130))
        assert len(parts["validation"]) == pytest.approx(10, abs=1)
        assert {r.number for part in ("train", "validation") for r in parts[part]} == set(
            range(100)
        )
    assert one["validation"] != other["validation"]


def test_an_official_validation_part_is_kept() -> None:
    rows = [
        *many(40, split="train"),
        *many(10, split="validation", first=40),
        *many(10, split="test", first=50),
    ]
    assert {name: len(part) for name, part in divide(rows, 1).items()} == {
        "train": 40,
        "validation": 10,
        "test": 10,
    }
    limited = {name: len(part) for name, part in divide(rows, 1, limit=20).items()}
    assert limited == {"train": 20, "validation": 5, "test": 10}


def test_the_limit_counts_validation_too_and_leaves_the_test_part_whole() -> None:
    whole, limited = divide(many(1000), 3), divide(many(1000), 3, limit=50)
    assert limited["test"] == whole["test"]
    assert len(limited["train"]) + len(limited["validation"]) == 50
    assert len(limited["validation"]) == pytest.approx(5, abs=1)


def test_the_last_row_of_a_class_stays_in_the_training_part() -> None:
    labels = [*map(str, range(30)), *("x" * 60)]
    rows = [row(i, f"word {i}", label, "train") for i, label in enumerate(labels)]
    for seed in range(5):
        parts = divide([*rows, row(99, "test", "x", "test")], seed)
        assert {r.labels["issue_type"] for r in parts["validation"]} == {"x"}


def test_one_large_group_does_not_become_the_test_part() -> None:
    rows = [*(row(i, "the same words", "ab"[i % 2]) for i in range(60)), *many(40, first=60)]
    for seed in range(5):
        parts = divide(rows, seed)
        assert len(parts["test"]) == 20
        assert 0 < len(parts["validation"]) <= 9


def test_test_rows_that_begin_like_a_training_row_are_counted() -> None:
    rows = [*many(20, split="train"), row(50, "word 3", split="test"), row(51, "new", split="test")]
    assert shared_beginnings(divide(rows, 1)) == 1


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (many(20, split="train"), "test"),
        (many(20, split="test"), "train"),
        ([row(i, "same", "a") for i in range(9)], "validation"),
        ([*many(2, split="train"), *many(5, split="test", first=9)], "validation"),
    ],
)
def test_a_part_that_would_stay_empty_is_named(rows: list[Row], part: str) -> None:
    with pytest.raises(InputError, match=f"expected rows for the {part} part"):
        divide(rows, 1)

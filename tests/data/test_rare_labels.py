"""No label falls out of what is learnt or checked, as long as it has the rows for it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import Ticket
from tierline.data.rows import Row
from tierline.data.splitting import assign_splits, fingerprint

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int, body: str, day: float | None = None, **labels: str) -> Row:
    time = None if day is None else START + timedelta(days=day)
    return Row(number, Ticket(body=body, created_at=time), labels)


def spread(rows: list[Row], seed: int, label: str) -> Counter[str]:
    parts = assign_splits(rows, seed)
    return Counter(n for n, part in parts.items() for r in part if label in r.labels.values())


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("dated", [True, False])
def test_of_sixteen_rows_train_gets_the_most_and_validation_one(seed: int, dated: bool) -> None:
    rows = [row(i, f"old {i}", i if dated else None, issue_type="old") for i in range(300)]
    rows += [row(i, f"new {i}", i if dated else None, issue_type="new") for i in range(300, 316)]
    found = spread(rows, seed, "new")
    assert found["train"] >= 8
    assert found["validation"] >= 1
    assert found.total() == 16


def test_a_label_that_came_up_last_month_is_dealt_out_in_time_order() -> None:
    rows = [row(i, f"old {i}", i, issue_type="old") for i in range(300)]
    rows += [row(i, f"new {i}", i, issue_type="new") for i in range(300, 320)]
    parts = assign_splits(rows, 1)
    new = {n: [r.number for r in part if r.number >= 300] for n, part in parts.items()}
    assert new["train"] == list(range(300, 314))
    assert new["validation"] == [314]
    assert new["test"] == list(range(315, 320))
    old = {n: [r.number for r in part if r.number < 300] for n, part in parts.items()}
    assert max(old["train"]) < min(old["validation"]) <= max(old["validation"]) < min(old["test"])


def test_labels_that_are_well_spread_move_nothing() -> None:
    bare = [row(i, f"ticket {i}") for i in range(400)]
    labelled = [row(i, f"ticket {i}", issue_type="ab"[i % 2], severity="P3") for i in range(400)]
    numbers = [
        {n: [r.number for r in part] for n, part in assign_splits(rows, 5).items()}
        for rows in (bare, labelled)
    ]
    assert numbers[0] == numbers[1]


few_words = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])
some_rows = st.lists(
    st.tuples(few_words, st.integers(0, 9), st.sampled_from("xyz")), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(some_rows, st.integers(0, 9), st.booleans())
def test_whatever_the_rows_near_duplicates_stay_together_and_labels_are_learnable(
    items: list[tuple[str, int, str]], seed: int, dated: bool
) -> None:
    rows = [
        row(i, label + body, day if dated else None, issue_type=label)
        for i, (body, day, label) in enumerate(items)
    ]
    parts = assign_splits(rows, seed)
    assert sorted(r.number for part in parts.values() for r in part) == list(range(len(rows)))
    homes = [{fingerprint(r) for r in part} for part in parts.values()]
    assert len(set().union(*homes)) == sum(map(len, homes))
    for label in {label for *_, label in items}:
        found = spread(rows, seed, label)
        assert found["train"] * 2 >= found.total()
    assert assign_splits(rows, seed) == parts


@pytest.mark.parametrize("groups", [3, 5, 9])
@pytest.mark.parametrize("seed", range(8))
def test_three_different_tickets_are_enough_for_validation(groups: int, seed: int) -> None:
    rows = [row(i, f"old {i}", issue_type="old") for i in range(100)]
    rows += [row(100 + i, f"new {i}", issue_type="new") for i in range(groups)]
    assert spread(rows, seed, "new")["validation"] >= 1


@pytest.mark.parametrize("seed", range(8))
def test_of_two_labels_on_the_same_rows_the_rarer_has_its_way(seed: int) -> None:
    rows = [row(i, f"old {i}", i, issue_type="old", severity="P3") for i in range(100)]
    rows += [row(i, f"new {i}", i, issue_type="new", severity="P1") for i in range(100, 120)]
    rows += [row(i, f"rare {i}", i, issue_type="rare", severity="P1") for i in range(120, 126)]
    for label in ("new", "rare", "P1"):
        found = spread(rows, seed, label)
        assert found["train"] * 2 >= found.total(), label
        assert found["validation"], label

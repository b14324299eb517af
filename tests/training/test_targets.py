"""Labels as numbers: order, own vocabularies, absent labels."""

import pytest

from tierline.data import LABELS, InputError, Ticket
from tierline.data.corpus import Corpus
from tierline.data.rows import Row
from tierline.training.targets import ABSENT, HeadLabels, heads_of


def rows(head: str, *labels: str) -> tuple[Row, ...]:
    return tuple(Row(i, Ticket(body="x"), {head: label}) for i, label in enumerate(labels))


def corpus(train: tuple[Row, ...]) -> Corpus:
    return Corpus({"train": train, "validation": (), "test": ()}, {})


def test_labels_become_their_positions_and_others_are_absent() -> None:
    head = HeadLabels("severity", ("P1", "P2", "P3", "P4"))
    found = head.targets([*rows("severity", "P3", "P1", "urgent"), *rows("sentiment", "neutral")])
    assert found.tolist() == [2, 0, ABSENT, ABSENT]


def test_the_default_vocabulary_is_kept_whole_and_in_order() -> None:
    (head,) = heads_of(corpus(rows("severity", "P4", "P2")))
    assert head.labels == LABELS["severity"]
    assert head.ordinal
    assert head.worst_first


def test_own_labels_are_sorted_and_numbers_by_value() -> None:
    (head,) = heads_of(corpus(rows("severity", "10", "9", "1", "9")))
    assert head.labels == ("1", "9", "10")
    assert head.ordinal
    assert not head.worst_first  # 1 may be the worst or the mildest
    (head,) = heads_of(corpus(rows("severity", "high", "low", "medium")))
    assert not head.ordinal
    (head,) = heads_of(corpus(rows("issue_type", "shoes", "Hats", "access")))
    assert head.labels == ("access", "Hats", "shoes")
    assert not head.ordinal


def test_one_number_in_every_severity_is_their_scale() -> None:
    named = ("urgent 1", "high 2", "normal 3", "low 4")
    (head,) = heads_of(corpus(rows("severity", *sorted(named))))
    assert (head.labels, head.ordinal, head.worst_first) == (named, True, False)
    (head,) = heads_of(corpus(rows("severity", "②", "①")))
    assert head.labels == ("①", "②")


def test_default_severities_stay_worst_first_when_one_is_merged_away() -> None:
    assert HeadLabels("severity", ("P1", "P2", "P3")).worst_first
    assert not HeadLabels("severity", ("P1", "P3", "P2")).worst_first


def test_heads_come_in_the_vocabularys_order() -> None:
    mixed = rows("sentiment", "neutral", "positive") + rows("severity", "P1", "P2")
    assert [h.name for h in heads_of(corpus(mixed))] == ["severity", "sentiment"]


def test_a_head_with_one_label_teaches_nothing() -> None:
    with pytest.raises(InputError, match=r"issue_type: expected at least two labels.*'bug'"):
        heads_of(corpus(rows("issue_type", "bug", "bug")))

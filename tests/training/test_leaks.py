"""Leak warnings fire when a score or a word is too good, and only then; copies are found."""

from dataclasses import replace

import pytest

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.training.report.duplicates import duplicates, training_part
from tierline.training.report.leaks import find_leaks, trained_on

from .made_answers import answers, rows

HEADS = ("red", "blue", "green")


def kinds(bodies: list[str], truth: list[int], predicted: list[int]) -> list[str]:
    given = {"issue_type": answers("issue_type", HEADS, truth, predicted)}
    return [leak.kind for leak in find_leaks(rows(bodies), given)]


def test_a_perfect_score_on_many_rows_is_too_good() -> None:
    truth = [i % 3 for i in range(50)]
    assert kinds([""] * 50, truth, truth) == ["too_good"]
    assert kinds([""] * 49, truth[:49], truth[:49]) == []
    assert kinds([""] * 50, truth, [2, *truth[1:]]) == []


@pytest.mark.parametrize(
    ("with_label", "with_other", "fires"),
    [(30, 0, True), (27, 0, True), (26, 0, False), (30, 1, False)],
)
def test_a_word_that_gives_a_label_away(with_label: int, with_other: int, fires: bool) -> None:
    truth = [0] * 30 + [1] * 30 + [2] * 30
    bodies = [f"Queue-{'X7' if i < with_label else 'none'}" for i in range(30)]
    bodies += ["queue X7" if i < with_other else "queue" for i in range(60)]
    wrong = [2] * 90
    assert kinds(bodies, truth, wrong) == (["token"] if fires else [])


def test_the_warning_names_word_and_label() -> None:
    given = {"issue_type": answers("issue_type", HEADS, [0] * 30 + [1] * 60, [2] * 90)}
    (leak,) = find_leaks(rows(["team x7 rota"] * 30 + ["hello"] * 60), given)
    assert "gives red away (and so do 2 other words): 30 of the 30 tickets" in leak.text
    assert leak.head == "issue_type"


def test_a_rare_or_a_common_label_warns_of_nothing() -> None:
    assert kinds(["x7"] * 19 + ["hello"] * 60, [0] * 19 + [1] * 60, [2] * 79) == []
    assert kinds(["x7"] * 60 + ["hello"] * 40, [0] * 60 + [1] * 20 + [2] * 20, [2] * 100) == []


def test_a_file_that_was_trained_on_is_told_unless_it_is_the_test_part() -> None:
    some = rows(["a", "b"])
    (leak,) = trained_on(some, in_manifest=True)
    assert leak.kind == "trained_on"
    assert "2 of its 2 rows" in leak.text
    assert trained_on(some, in_manifest=False) == ()
    assert trained_on(rows(["a"], split="test"), in_manifest=True) == ()
    assert trained_on(rows(["a"], split="Testing"), in_manifest=True) == ()


PARCEL = "My parcel from Leeds never arrived although the courier says that it was delivered"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (PARCEL, True),
        (f"{PARCEL}. Since then I wrote to you three times and nobody answered me at all", True),
        (f"Hello! {PARCEL.replace('Leeds', 'Derby')}", True),
        ("The courier claims delivery, yet nothing has come from your depot so far", False),
    ],
)
def test_near_duplicates_of_training_tickets(body: str, found: bool) -> None:
    trained = [
        replace(row, ticket=row.ticket.model_copy(update={"id": f"train{i}"}))
        for i, row in enumerate(rows(["How do I export my invoices as one file?", PARCEL]))
    ]
    copies = duplicates(rows([body]), trained)
    assert [(c.id, c.trained_id) for c in copies] == ([("r0", "train1")] if found else [])
    assert all(0 < c.similarity <= 1 for c in copies)
    assert duplicates(rows([body]), []) == ()


def test_only_the_training_part_is_compared_with() -> None:
    parts = [Row(i, Ticket(body="x"), {}, {"split": s}) for i, s in enumerate(("train", "test"))]
    assert training_part(parts) == parts[:1]
    assert len(training_part(rows(["a", "b"]))) == 2

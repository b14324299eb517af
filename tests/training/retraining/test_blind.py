"""Blind labels are judged beside what the champion says now; others keep what was said then."""

import pytest

from tierline.data.feedback import Correction, Origin, agreement
from tierline.data.label_book import LabelBook
from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime import Predictor
from tierline.training.ledger import read_ledger, write_ledger
from tierline.training.retraining.blind import with_answers

WORDS = "the invoice charged my card twice, there is no hurry"


def correction(origin: Origin, body: str = WORDS, answered: str | None = None) -> Correction:
    labels = {"issue_type": "billing"}
    given = {"issue_type": answered} if answered else {}
    return Correction(Row(1, Ticket(body=body), labels), origin, answered=given)


def test_a_blind_row_gets_the_champions_answer(predictor: Predictor) -> None:
    (said,) = predictor.predict([Ticket(body=WORDS)])
    (found,) = with_answers([correction(Origin.BLIND_SAMPLE)], predictor, None, LabelBook())
    assert found.answered == {head: answer.label for head, answer in said.heads.items()}
    assert found.evidence == {"issue_type": "billing"}
    assert agreement([found])["issue_type"].blind == (1, 1)


@pytest.mark.parametrize(
    "given",
    [
        correction(Origin.HUMAN),
        correction(Origin.IMPORT),
        correction(Origin.BLIND_SAMPLE, body=""),
        correction(Origin.BLIND_SAMPLE, answered="bug"),
    ],
)
def test_other_rows_stay_as_they_are(predictor: Predictor, given: Correction) -> None:
    assert with_answers([given], predictor, None, LabelBook()) == [given]


def test_what_the_champion_learnt_from_does_not_judge_it(predictor: Predictor) -> None:
    given = correction(Origin.BLIND_SAMPLE)
    ledger = read_ledger(write_ledger({"train": [given.row]}))
    assert with_answers([given], predictor, ledger, LabelBook()) == [given]
    held = read_ledger(write_ledger({"test": [given.row]}))
    assert with_answers([given], predictor, held, LabelBook())[0].answered


def test_the_champion_answers_under_present_names(predictor: Predictor) -> None:
    book = LabelBook({"issue_type": {"billing": "invoices"}})
    (found,) = with_answers([correction(Origin.BLIND_SAMPLE)], predictor, None, book)
    assert found.answered["issue_type"] == "invoices"

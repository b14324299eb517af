"""What the champion says of the tickets that people labelled without seeing any answer."""

from collections.abc import Sequence
from dataclasses import replace

from tierline.data.feedback import Correction, Origin
from tierline.data.label_book import LabelBook
from tierline.models.runtime.predictor import Predictor
from tierline.training.ledger import Ledger


def with_answers(
    corrections: Sequence[Correction], champion: Predictor, ledger: Ledger | None, book: LabelBook
) -> list[Correction]:
    """Return the corrections, those of a blind sample with the champion's answers to them.

    A sheet for blind labelling holds no answer, so that nobody sees one. Where the row recorded
    one all the same, has no words to answer, or was learnt from by the champion (``ledger``), it
    stays as it is. Answers are given under their present names (``book``).
    """
    learnt = ledger.learnt_from if ledger else lambda _: False
    asked = [i for i, c in enumerate(corrections) if _is_open(c) and not learnt(c.row)]
    predictions = champion.predict([corrections[i].row.ticket for i in asked])
    found = list(corrections)
    for i, prediction in zip(asked, predictions, strict=True):
        answered = {head: answer.label for head, answer in prediction.heads.items()}
        found[i] = replace(found[i], answered=book.present(answered))
    return found


def _is_open(correction: Correction) -> bool:
    blind = correction.origin is Origin.BLIND_SAMPLE
    return blind and correction.has_words and not correction.answered

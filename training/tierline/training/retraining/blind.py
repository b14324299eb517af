"""What the champion says of the tickets that people labelled without seeing any answer."""

from collections.abc import Sequence
from dataclasses import replace

from tierline.data.feedback import Correction, Origin
from tierline.models.runtime.predictor import Predictor


def with_answers(corrections: Sequence[Correction], champion: Predictor) -> list[Correction]:
    """Return the corrections, those of a blind sample with the champion's answers to them.

    A sheet for blind labelling holds no answer, so that nobody sees one. Where the row recorded
    one all the same, or has no words to answer, it stays as it is.
    """
    asked = [i for i, c in enumerate(corrections) if _is_open(c)]
    predictions = champion.predict([corrections[i].row.ticket for i in asked])
    found = list(corrections)
    for i, prediction in zip(asked, predictions, strict=True):
        answered = {head: answer.label for head, answer in prediction.heads.items()}
        found[i] = replace(found[i], answered=answered)
    return found


def _is_open(correction: Correction) -> bool:
    blind = correction.origin is Origin.BLIND_SAMPLE
    return blind and correction.has_words and not correction.answered

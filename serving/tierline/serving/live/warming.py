"""Try a model before it answers anyone."""

import math
from typing import Final

from tierline.data.errors import BundleError
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor

_WORDS: Final = "The export of our invoices stops at 90%, and closing is today. "
#: A short ticket and one as long as a model reads: memory is taken before the first caller asks.
_TRIALS: Final = (Ticket(body=_WORDS), Ticket(subject="Export", body=_WORDS * 100))


def warmed(predictor: Predictor) -> Predictor:
    """Return the predictor after it has answered trial tickets.

    Raises:
        BundleError: when it breaks on them, or gives what are no probabilities.
    """
    for trial in _TRIALS:
        try:
            answer = predictor.predict([trial])[0]
        except Exception as error:
            raise BundleError(
                f"expected {predictor.version} to answer a trial ticket; it failed "
                f"({type(error).__name__}): train the bundle again"
            ) from None
        if not _sound(answer):
            raise BundleError(
                f"expected probabilities that add up to 1 of {predictor.version} for a trial "
                "ticket; found others: train the bundle again"
            )
    return predictor


def _sound(answer: Prediction) -> bool:
    sums = [sum(head.probabilities.values()) for head in answer.heads.values()]
    return all(math.isclose(total, 1.0, abs_tol=1e-3) for total in sums)

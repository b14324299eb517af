"""What is fitted on the validation part after training: temperatures and thresholds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from tierline.models.runtime.calibration import softmax
from tierline.training.targets import ABSENT

#: Among answers at or above the confidence threshold, at most this share may be wrong.
TARGET_ERROR: Final = 0.05
#: An answer is ambiguous when it isn't likelier than every other label by this much.
AMBIGUOUS_MARGIN: Final = 0.10
_LOG_TEMPERATURE_RANGE: Final = (-2.0, 2.0)


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Return the temperature that minimises the log loss of logits (N, K), targets (N,)."""
    known = targets != ABSENT
    if not known.any():
        return 1.0
    rows, truth = logits[known], targets[known]

    def log_loss(log_temperature: float) -> float:
        probabilities = softmax(rows, float(np.exp(log_temperature)))
        return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())

    found = minimize_scalar(log_loss, bounds=_LOG_TEMPERATURE_RANGE, method="bounded")
    return float(np.exp(found.x))


def confidence_threshold(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], target: float = TARGET_ERROR
) -> float:
    """Return the lowest confidence from which on at most ``target`` of the answers are wrong.

    1.0 when no threshold reaches the target: then every answer is for review.
    """
    order = np.argsort(-confidence)
    errors = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
    falls = np.append(np.diff(confidence[order]) < 0, True)  # equal ones stand or fall together
    good = np.flatnonzero((errors <= target) & falls)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0

"""What is fitted on the validation part after training: temperatures and thresholds."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from tierline.models.runtime.calibration import softmax
from tierline.training.targets import ABSENT

#: Among answers at or above the confidence threshold, at most this share may be wrong.
TARGET_ERROR: Final = 0.10
#: The top two labels are ambiguous when their probabilities are closer than this.
AMBIGUOUS_MARGIN: Final = 0.10
#: The model's own safety trigger may miss at most this share of validation incidents …
SAFETY_MISSES: Final = 0.02
#: … but it fires at no less than this: on an IT desk's tickets, 0.05 would raise every fifth one.
SAFETY_FLOOR: Final = 0.1
#: … and never waits for more than this: validation tickets are easier than real ones.
SAFETY_CEILING: Final = 0.2
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


def safety_thresholds(
    probabilities: NDArray[np.float64], labels: Sequence[str], truth: NDArray[np.int64]
) -> Mapping[str, float]:
    """Return recall-first thresholds of the incident labels, from validation rows.

    Each is the probability that all but `SAFETY_MISSES` of its true tickets reach, kept
    between `SAFETY_FLOOR` and `SAFETY_CEILING`, and rounded down to the six digits that a
    prediction's probabilities have. ``probabilities`` has shape (N, K).
    """
    found = {}
    for label in ("data_loss", "security_breach"):
        if label not in labels:
            continue
        column = labels.index(label)
        reached = probabilities[truth == column, column]
        low = SAFETY_FLOOR
        if len(reached):
            low = np.floor(np.quantile(reached, SAFETY_MISSES, method="lower") * 1e6) / 1e6
        found[f"safety.{label}"] = float(np.clip(low, SAFETY_FLOOR, SAFETY_CEILING))
    return found

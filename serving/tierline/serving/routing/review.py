"""When a person should look at an answer, and for which reason."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.routing.caution import INCIDENTS
from tierline.serving.routing.recommendation import Alternative, ReviewReason
from tierline.serving.safety import SafetyHit

#: A safety rule fired, and the model gives both incident labels together less than this.
_STRONG_DISAGREEMENT: Final = 0.02
#: Reasons that are scores of the prediction, each for review above the threshold of its name.
_SCORED: Final = (ReviewReason.UNSUPPORTED_LANGUAGE, ReviewReason.OUT_OF_DISTRIBUTION)


def review_reason(
    text: str, prediction: Prediction | None, hits: tuple[SafetyHit, ...], *, displaced: bool
) -> ReviewReason | None:
    """Return the first reason that applies, in `ReviewReason`'s order, or None.

    ``displaced``: a label that the model would have given is retired.
    """
    if not text:
        return ReviewReason.EMPTY
    if prediction is None:
        return ReviewReason.DEGRADED
    if (strange := strangeness(prediction)) is not None:
        return strange
    if hits and _model_disagrees(prediction):
        return ReviewReason.RULE_CONFLICT
    if displaced:
        return ReviewReason.LOW_CONFIDENCE
    limits = prediction.thresholds
    for name, head in prediction.heads.items():
        if head.confidence < limits.get(f"low_confidence.{name}", 0.0):
            return ReviewReason.LOW_CONFIDENCE
    if _too_close(prediction):
        return ReviewReason.AMBIGUOUS
    return ReviewReason.TRUNCATED if prediction.truncated else None


def strangeness(prediction: Prediction) -> ReviewReason | None:
    """Return why the model can't know what it says of this text, or None."""
    limits = prediction.thresholds
    over = (
        reason
        for reason in _SCORED
        if prediction.scores.get(reason, -math.inf) > limits.get(reason, math.inf)
    )
    return next(over, None)


def alternatives(
    prediction: Prediction, tier_with: Callable[[Prediction], int]
) -> tuple[Alternative, ...]:
    """Return the likeliest other label of every head whose answer is hardly likelier, or less.

    ``tier_with`` gives the tier that a prediction leads to.
    """
    found = []
    for name, head in _too_close(prediction).items():
        others = {label: p for label, p in head.probabilities.items() if label != head.label}
        if not others:
            continue
        label, confidence = max(others.items(), key=lambda other: other[1])
        other = replace(head, label=label, confidence=confidence)
        tier = tier_with(replace(prediction, heads={**prediction.heads, name: other}))
        found.append(Alternative(head=name, label=label, confidence=confidence, tier=tier))
    return tuple(found)


def _model_disagrees(prediction: Prediction) -> bool:
    issue_type = prediction.heads.get("issue_type")
    if issue_type is None:
        return False
    known = [issue_type.probabilities[i] for i in INCIDENTS if i in issue_type.probabilities]
    return bool(known) and sum(known) < _STRONG_DISAGREEMENT


def _too_close(prediction: Prediction) -> dict[str, HeadPrediction]:
    limit = prediction.thresholds.get("ambiguous", -math.inf)
    return {name: head for name, head in prediction.heads.items() if _margin(head) < limit}


def _margin(head: HeadPrediction) -> float:
    """Return by how much the label is likelier than any other; negative where it isn't."""
    others = (p for label, p in head.probabilities.items() if label != head.label)
    return head.confidence - max(others, default=0.0)

"""When a person should look at an answer, and for which reason."""

from typing import Final

from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.recommendation import ReviewReason
from tierline.serving.safety import SafetyHit

#: A safety rule fired, and the model gives both incident labels together less than this.
_STRONG_DISAGREEMENT: Final = 0.02


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
    if hits and _model_disagrees(prediction):
        return ReviewReason.RULE_CONFLICT
    if displaced:
        return ReviewReason.LOW_CONFIDENCE
    limits = prediction.thresholds
    for name, head in prediction.heads.items():
        if head.confidence < limits.get(f"low_confidence.{name}", 0.0):
            return ReviewReason.LOW_CONFIDENCE
    if any(_margin(h) < limits.get("ambiguous", 0.0) for h in prediction.heads.values()):
        return ReviewReason.AMBIGUOUS
    return ReviewReason.TRUNCATED if prediction.truncated else None


def _model_disagrees(prediction: Prediction) -> bool:
    issue_type = prediction.heads.get("issue_type")
    if issue_type is None:
        return False
    incident = ("data_loss", "security_breach")
    known = [issue_type.probabilities[i] for i in incident if i in issue_type.probabilities]
    return bool(known) and sum(known) < _STRONG_DISAGREEMENT


def _margin(head: HeadPrediction) -> float:
    """Return the gap between the two likeliest labels, 0 to 1."""
    first, second = sorted((*head.probabilities.values(), 0.0), reverse=True)[:2]
    return first - second

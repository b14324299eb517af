"""What a model says in the labels of today: those that the policy retired are taken out."""

from typing import Final

from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Reason

#: The reason of an answer whose first choice is retired. It doesn't name the label.
RETIRED: Final = "labels.retired"


def present_labels(
    prediction: Prediction | None, policy: Policy
) -> tuple[Prediction | None, tuple[Reason, ...]]:
    """Return the prediction without retired labels, and a reason where that changed a label.

    Probabilities stay the model's own, so that a label that steps in for a retired one is as
    unsure as it was, and the thresholds of safety and of the certificate compare what they were
    set on.
    """
    if prediction is None:
        return None, ()
    left = prediction.without(policy.retired_labels.by_head())
    heads = (
        h
        for h, p in prediction.heads.items()
        if h not in left.heads or left.heads[h].label != p.label
    )
    return left, tuple(
        Reason(
            rule=RETIRED,
            text=f"the model's first choice of {head.replace('_', ' ')} is a retired label: "
            + ("another stands" if head in left.heads else "no other is likely"),
        )
        for head in heads
    )

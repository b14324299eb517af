"""The model's own triggers: what it must suspect before a ticket is raised for it."""

from typing import Final

from tierline.data.labels import Severity
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy

#: Labels of incidents, with the id of the reason that the model's suspicion gives.
INCIDENTS: Final = {
    "data_loss": "safety.model.data_loss",
    "security_breach": "safety.model.security_breach",
}
#: The reason for a ticket that may be P1 though another level is the answer.
CAUTION_P1: Final = "caution.p1"


def p1_probability(prediction: Prediction, policy: Policy) -> float:
    """Return the probability, 0 to 1, of all the labels that the policy reads as P1."""
    severity = prediction.heads.get("severity")
    if severity is None:
        return 0.0
    labels = severity.probabilities.items()
    return sum(p for label, p in labels if policy.severity_of(label) is Severity.P1)


def incident_probability(prediction: Prediction, label: str) -> float:
    """Return the probability of an incident label, 0 where the model doesn't know it."""
    issue_type = prediction.heads.get("issue_type")
    return issue_type.probabilities.get(label, 0.0) if issue_type else 0.0


def critical_probability(prediction: Prediction, policy: Policy) -> float:
    """Return what is compared with the triggers' threshold: the strongest of the suspicions."""
    incidents = (incident_probability(prediction, label) for label in INCIDENTS)
    return max(p1_probability(prediction, policy), *incidents)

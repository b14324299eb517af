"""The default vocabulary: what a ticket can be labelled with, worst or first named first.

``data/LABELS.md`` says what each label means. A model trained on labels of the user's own
carries its label sets in its bundle; these enums are then not used.
"""

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """Impact and reach, ordinal: ``P1`` is the worst."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class IssueType(StrEnum):
    """The thing that has to be solved: exactly one per ticket."""

    ACCESS = "access"
    BILLING = "billing"
    ORDER = "order"
    HOW_TO = "how_to"
    CONFIGURATION = "configuration"
    INTEGRATION = "integration"
    BUG = "bug"
    PERFORMANCE = "performance"
    OUTAGE = "outage"
    DATA_LOSS = "data_loss"
    SECURITY_BREACH = "security_breach"
    FEATURE_REQUEST = "feature_request"
    FEEDBACK = "feedback"


class Sentiment(StrEnum):
    """The writer's mood towards the company or product, ordinal from anger to delight."""

    VERY_NEGATIVE = "very_negative"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


#: The three questions a model answers, with their default labels in order.
LABELS: Final[dict[str, tuple[str, ...]]] = {
    "severity": tuple(Severity),
    "issue_type": tuple(IssueType),
    "sentiment": tuple(Sentiment),
}
HEADS: Final = tuple(LABELS)

_INCIDENT: Final = "the model's own alarm for incidents goes by this name"
#: Labels that no file may do away with, by head, and why: safety depends on them.
PROTECTED: Final[dict[str, dict[str, str]]] = {
    "severity": {Severity.P1: "the worst tickets would pass for lesser ones"},
    "issue_type": {IssueType.DATA_LOSS: _INCIDENT, IssueType.SECURITY_BREACH: _INCIDENT},
}

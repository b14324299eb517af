"""What a ticket and a label are; reading, checking, splitting and normalising tickets."""

from tierline.data.errors import (
    BundleError,
    InputError,
    LaunchError,
    ModelNotFoundError,
    PolicyError,
    RowError,
    StoreError,
    TierlineError,
)
from tierline.data.labels import HEADS, LABELS, IssueType, Sentiment, Severity
from tierline.data.ticket import CustomerTier, Ticket

__all__ = [
    "HEADS",
    "LABELS",
    "BundleError",
    "CustomerTier",
    "InputError",
    "IssueType",
    "LaunchError",
    "ModelNotFoundError",
    "PolicyError",
    "RowError",
    "Sentiment",
    "Severity",
    "StoreError",
    "Ticket",
    "TierlineError",
]

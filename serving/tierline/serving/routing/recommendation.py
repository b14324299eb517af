"""What Tierline answers: a tier, how fast, and why."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tierline.models.runtime.prediction import Stage
from tierline.serving.teams.answers import Assessment, Change


class ReviewReason(StrEnum):
    """Why a person should look: the first that applies, in this order.

    What the model can't read comes before what it says: its doubts and its disagreement with a
    safety rule mean nothing there.
    """

    EMPTY = "empty"
    DEGRADED = "degraded"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    OUT_OF_DISTRIBUTION = "out_of_distribution"
    RULE_CONFLICT = "rule_conflict"
    LOW_CONFIDENCE = "low_confidence"
    AMBIGUOUS = "ambiguous"
    TRUNCATED = "truncated"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Reason(_Frozen):
    """One rule that fired: its stable dotted id, its text, and the words that fired it.

    Words quoted from the ticket are redacted: ``[…]`` stands for one that was taken out.
    """

    rule: str
    text: str
    evidence: tuple[str, ...] = ()

    @property
    def is_safety(self) -> bool:
        """Whether it says that the ticket may tell of a data loss or a security breach."""
        return self.rule.startswith("safety.")


class Alternative(_Frozen):
    """The likeliest other label of a head whose answer is hardly likelier, or less likely.

    ``tier`` is the tier that the ticket would go to if this label were the right one.
    """

    head: str
    label: str
    confidence: float
    tier: int = Field(ge=1, le=4)


class Recommendation(_Frozen):
    """Which tier should take a ticket, by when it should be answered, and why.

    ``path`` lists the tiers that the ticket may climb, the recommended one first. ``team`` takes
    it: the tier's ``owner`` unless a reason under ``team.`` or ``lock.`` says why not; where it
    can't wait while that team is closed, ``clock.cover`` says who stands in. Labels and
    confidences are None where no model answered. ``respond_by`` and ``resolve_by`` count open
    hours of the team's calendar from when the ticket was filed (P1, data loss and breaches: all
    hours). ``next_review_at`` is the first instant at which the clock alone changes the answer,
    the ticket staying as it was described; until then only the times in the evidence of
    reasons move (``waited: 2 h 05 min``, ``over: …``), and the deadlines of a ticket that says
    neither when it was filed nor how long it has waited. ``alternatives`` are there wherever
    another label is hardly less likely or likelier, whatever the first reason for a person's
    look. ``mode`` is ``rules_only`` without a model; ``stage`` says what of the model answered: the
    encoder, or the n-grams alone, where a model has such a stage.
    """

    id: str | None
    tier: int = Field(ge=1, le=4)
    path: tuple[int, ...]
    owner: str
    team: str
    lane: str
    severity: str | None
    severity_confidence: float | None
    issue_type: str | None
    issue_type_confidence: float | None
    sentiment: str | None
    sentiment_confidence: float | None
    respond_by: datetime
    resolve_by: datetime
    reasons: tuple[Reason, ...]
    notify: tuple[str, ...]
    needs_review: bool
    review_reason: ReviewReason | None
    alternatives: tuple[Alternative, ...] = ()
    assessment: Assessment
    would_change: tuple[Change, ...] = ()
    next_review_at: datetime | None
    mode: Literal["full", "rules_only"]
    stage: Stage | None = None
    model_version: str | None
    policy_version: str

    @property
    def is_incident(self) -> bool:
        """Whether a rule, the model or words say that it may be a data loss or a breach."""
        return any(reason.is_safety for reason in self.reasons)

    def as_row(self) -> dict[str, Any]:
        """Return plain data, times in ISO 8601 and reasons as a list of objects."""
        return self.model_dump(mode="json")

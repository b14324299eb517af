"""The times that a message may state: all of them are the policy's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Recommendation

#: A later time comes from a date that means none, such as 9999-12-31.
_FARTHEST: Final = timedelta(days=366)


@dataclass(frozen=True)
class Promises:
    """What may be told; None for what can't, ``late`` where the first answer is overdue."""

    respond_by: datetime | None
    resolve_by: datetime | None
    update_by: datetime | None
    update_every: timedelta | None
    late: bool


def severity_told(answer: Recommendation, policy: Policy) -> Severity:
    """Return how fast a case is treated: its severity, or what safety makes of it."""
    severity = policy.severity_of(answer.severity) or policy.fallback.severity
    if any(reason.rule.startswith("safety.") for reason in answer.reasons):
        return min(severity, Severity(policy.safety.respond_as))
    return severity


def promises_of(answer: Recommendation, policy: Policy, now: datetime) -> Promises:
    """Return what the policy promises for an answer, at an instant.

    A time that is past is no promise: it isn't told.
    """
    every = policy.messages.update_every[severity_told(answer, policy)]
    return Promises(
        respond_by=_ahead(answer.respond_by, now),
        resolve_by=None,
        update_by=now + every,
        update_every=every,
        late=answer.respond_by <= now,
    )


def _ahead(instant: datetime, now: datetime) -> datetime | None:
    return instant if now < instant <= now + _FARTHEST else None

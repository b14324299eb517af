"""The times that a message may state: all of them are the policy's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.clock.deadlines import NO_COVER, runs_always
from tierline.serving.clock.open_time import always_open, deadline, shifted
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
    return min(severity, Severity(policy.safety.respond_as)) if answer.is_incident else severity


def promises_of(
    answer: Recommendation, policy: Policy, now: datetime, *, settled: bool = False
) -> Promises:
    """Return what the policy promises for an answer, at an instant.

    ``settled``: the help desk says that the ticket is answered or fixed, so that it isn't late.
    A time that is past is no promise: it isn't told, nor is any where the policy has nobody who
    could keep it now. ``update_every`` is told where it is counted around the clock only; else
    just the next update, which is counted in open hours.
    """
    late = answer.respond_by <= now and not settled
    if _has(answer, NO_COVER):
        return Promises(None, None, None, None, late)
    severity = severity_told(answer, policy)
    every = policy.messages.update_every[severity]
    hours = policy.hours(policy.calendar_of(answer.team, answer.tier))
    always = runs_always(policy, severity, answer.is_incident) or always_open(hours)
    update_by = shifted(now, every) if always else deadline(hours, now, every)
    resolve = policy.messages.state_resolution and answer.resolve_by > answer.respond_by
    return Promises(
        respond_by=_ahead(answer.respond_by, now),
        resolve_by=_ahead(answer.resolve_by, now) if resolve else None,
        update_by=_ahead(update_by, now),
        update_every=every if always else None,
        late=late,
    )


def _has(answer: Recommendation, rule: str) -> bool:
    return any(reason.rule.startswith(rule) for reason in answer.reasons)


def _ahead(instant: datetime, now: datetime) -> datetime | None:
    return instant if now < instant <= shifted(now, _FARTHEST) else None

"""By when a ticket is answered and resolved, and what has run out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.clock.filed import Filed
from tierline.serving.clock.open_time import deadline, shifted
from tierline.serving.policy import Policy
from tierline.serving.policy.durations import span_text

RESPOND_OVERDUE: Final = "clock.respond_overdue"
RESOLVE_OVERDUE: Final = "clock.resolve_overdue"
FILED_IN_FUTURE: Final = "clock.filed_in_future"
COVER: Final = "clock.cover"
ON_CALL: Final = "clock.on_call"
NO_COVER: Final = "clock.no_cover"
#: Evidence that tells how long something has lasted begins so: it moves with the clock.
OVER: Final = "over: "


@dataclass(frozen=True)
class Deadlines:
    """``resolve_by`` is never before ``respond_by``; ``known`` False: both move with the clock."""

    respond_by: datetime
    resolve_by: datetime
    known: bool


def runs_always(policy: Policy, severity: Severity | None, safe: bool) -> bool:
    """Return whether a ticket can't wait for anyone's hours: P1, data loss and breaches."""
    return safe or (severity or policy.fallback.severity) is Severity.P1


def respond_within(policy: Policy, severity: Severity | None, safe: bool) -> timedelta:
    """Return how soon a ticket is answered; ``safe``: it is about data loss or a breach."""
    within = policy.respond_within[severity or policy.fallback.severity]
    if safe:
        return min(within, policy.respond_within[Severity(policy.safety.respond_as)])
    return within


def deadlines(
    policy: Policy,
    tier: int,
    calendar: str,
    severity: Severity | None,
    start: Filed,
    *,
    safe: bool,
) -> Deadlines:
    """Return by when a ticket of a tier is answered (by severity) and resolved (by tier).

    Both count from when it was filed, in the open hours of a calendar, or around the clock
    where `runs_always`. ``safe``: the ticket is about data loss or a breach.
    """
    within = respond_within(policy, severity, safe)
    resolve_within = policy.tiers[tier].resolve_within
    if runs_always(policy, severity, safe):
        respond_by = shifted(start.at, within)
        resolve_by = shifted(start.at, resolve_within)
    else:
        hours = policy.hours(calendar)
        respond_by = deadline(hours, start.at, within)
        resolve_by = deadline(hours, start.at, resolve_within)
    return Deadlines(respond_by, max(respond_by, resolve_by), start.known)


def overdue(due: Deadlines, now: datetime) -> list[tuple[str, str, str]]:
    """Return rule, text and evidence of each deadline that has passed."""
    named = (
        (RESPOND_OVERDUE, "the time to respond has run out", due.respond_by),
        (RESOLVE_OVERDUE, "the time to resolve has run out", due.resolve_by),
    )
    return [(rule, text, OVER + span_text(now - by)) for rule, text, by in named if now > by]


def after(instant: datetime) -> datetime:
    """Return the instant that follows: what is due by a time is overdue from then on."""
    return shifted(instant, timedelta.resolution)

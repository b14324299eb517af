"""An answer that was given before, under the severity that a person states now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.serving.clock.deadlines import deadlines, respond_within
from tierline.serving.clock.filed import Filed, filed
from tierline.serving.clock.open_time import in_utc, shifted
from tierline.serving.policy import TIERS, Exclusion, Policy
from tierline.serving.routing.caution import CAUTION_P1
from tierline.serving.routing.decision import held_tier
from tierline.serving.routing.entry import entry_path
from tierline.serving.routing.recommend import STATED
from tierline.serving.routing.recommendation import Reason
from tierline.serving.teams.exclusions import against, issue_types_of

if TYPE_CHECKING:
    from tierline.serving.queue.entry import Answer

_MODELS_P1: Final = Reason(rule=CAUTION_P1, text="the model said P1")


@dataclass(frozen=True)
class Restated:
    """The answer as far as the queue reads it."""

    tier: int
    team: str
    severity: str | None
    issue_type: str | None
    sentiment: str | None
    respond_by: datetime
    reasons: tuple[Reason, ...]


def under_stated(
    ticket: Ticket,
    answer: "Answer",
    policy: Policy,
    now: datetime,
    never: Sequence[Exclusion] = (),
    *,
    safe: bool,
) -> "Answer":
    """Return the answer with the ticket's stated severity and the deadline that follows from it.

    A worse severity raises it to the tier where the policy has that enter; nothing lowers its
    tier, for what else led there isn't known here. A person's lock holds it where it is, and
    ``never`` says where it doesn't go. ``safe``: it is about an incident.
    """
    label = ticket.stated_severity
    stated, before = policy.severity_of(label), policy.severity_of(answer.severity)
    if stated is None or label == answer.severity:
        return answer
    tier, team, locked = placed(ticket, answer, policy, never, safe=safe)
    if not locked:
        tier, team = _risen(ticket, stated, before, answer, policy, never)
    start = _start(ticket, answer, before, policy, now, safe=safe)
    due = deadlines(policy, tier, policy.calendar_of(team, tier), stated, start, safe=safe)
    return Restated(
        tier=tier,
        team=team,
        severity=label,
        issue_type=answer.issue_type,
        sentiment=answer.sentiment,
        respond_by=due.respond_by,
        reasons=_reasons(before, answer),
    )


def placed(
    ticket: Ticket, answer: "Answer", policy: Policy, never: Sequence[Exclusion], *, safe: bool
) -> tuple[int, str, bool]:
    """Return tier, team, and whether a person's lock holds the ticket there.

    They are the answer's, unless a person placed the ticket after it was given. As in `recommend`,
    a lock below the safety tier doesn't hold what safety found, and exclusions hold for a team that
    no person named.
    """
    tier = held_tier(ticket, policy, unsafe=safe)
    if tier is None:
        return answer.tier, answer.team, False
    if ticket.team is not None and policy.serves(ticket.team, tier):
        return tier, ticket.team, True
    fits = answer.tier == tier or policy.serves(answer.team, tier)
    if fits and not against(answer.team, never, ticket, issue_types_of(answer)):
        return tier, answer.team, True
    return tier, policy.tiers[tier].owner, True


def _risen(
    ticket: Ticket,
    stated: Severity,
    before: Severity | None,
    answer: "Answer",
    policy: Policy,
    never: Sequence[Exclusion],
) -> tuple[int, str]:
    worse = before is None or stated < before
    path = entry_path(stated, answer.issue_type, policy) if worse else None
    if path is None or path[0] <= answer.tier:
        return answer.tier, answer.team
    labels = issue_types_of(answer)
    tiers = [tier for tier in TIERS if tier >= path[0]]
    owners = [(tier, policy.tiers[tier].owner) for tier in tiers]
    return next(
        ((tier, team) for tier, team in owners if not against(team, never, ticket, labels)),
        (TIERS[-1], policy.last_owner),
    )


def _start(
    ticket: Ticket,
    answer: "Answer",
    before: Severity | None,
    policy: Policy,
    now: datetime,
    *,
    safe: bool,
) -> Filed:
    """Return from when the ticket counts: without a date since it was answered."""
    minutes = ticket.waited_minutes
    start = filed(ticket, now, None if minutes is None else timedelta(minutes=minutes))
    if start.known:
        return start
    answered = shifted(in_utc(answer.respond_by), -respond_within(policy, before, safe))
    return Filed(min(answered, start.at), known=False)


def _reasons(before: Severity | None, answer: "Answer") -> tuple[Reason, ...]:
    """Return the reasons with what the model can't rule out: P1, if it said so."""
    model_said = all(reason.rule != STATED for reason in answer.reasons)
    suspects = before is Severity.P1 and model_said
    return (*answer.reasons, *([_MODELS_P1] if suspects else ()))

"""The decision itself: tier, team and reasons, from a case and what safety found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.policy import TIERS, Exclusion, Policy
from tierline.serving.routing.alarms import doubt_text, incidents_of
from tierline.serving.routing.caution import CAUTION_P1, p1_probability
from tierline.serving.routing.conditions import Case, first_match
from tierline.serving.routing.entry import enter
from tierline.serving.routing.recommendation import Reason
from tierline.serving.teams.advice import close, step_down
from tierline.serving.teams.assessment import asked
from tierline.serving.teams.choice import Wanted, place

_STANDARD_LANE: Final = "standard"


@dataclass
class Decision:
    """The answer while it is being made; ``tier`` only ever rises."""

    tier: int
    path: tuple[int, ...]
    reasons: list[Reason]
    notify: list[str] = field(default_factory=list)
    lane: str = _STANDARD_LANE
    team: str = ""
    locked: bool = False

    def raise_to(self, tier: int) -> None:
        """Raise to a tier at least, the last one at most."""
        self.tier = max(self.tier, min(tier, TIERS[-1]))

    def raise_to_safety(self) -> None:
        """Raise to the safety tier, from which the ticket may climb to the last one."""
        self.raise_to(safety.SAFETY_TIER)
        self.path = tuple(sorted({*self.path, *TIERS[safety.SAFETY_TIER - 1 :]}))


def decide(
    case: Case,
    prediction: Prediction | None,
    alarms: Sequence[Reason],
    policy: Policy,
    never: tuple[Exclusion, ...],
) -> Decision:
    """Return the decision; ``alarms`` are safety's reasons, ``never`` where no ticket goes."""
    decision = _without_team(case, prediction, alarms, policy)
    _place(decision, case, alarms, policy, never)
    return decision


def tier_of(
    case: Case,
    prediction: Prediction | None,
    alarms: Sequence[Reason],
    policy: Policy,
    never: tuple[Exclusion, ...],
) -> int:
    """Return the tier of `decide`; no team has to be chosen for it without exclusions or alarms."""
    if never or alarms:
        return decide(case, prediction, alarms, policy, never).tier
    return _without_team(case, prediction, alarms, policy).tier


def _without_team(
    case: Case, prediction: Prediction | None, alarms: Sequence[Reason], policy: Policy
) -> Decision:
    path, reason = enter(case, policy)
    decision = Decision(path[0], path, [reason])
    _pull_triggers(decision, case, policy)
    _hear_assessment(decision, case, alarms, policy)
    _apply_caution(decision, case, prediction, policy)
    _apply_safety(decision, alarms)
    _respect_people(decision, case, policy, unsafe=bool(alarms))
    return decision


def _pull_triggers(decision: Decision, case: Case, policy: Policy) -> None:
    for trigger in policy.triggers:
        found = first_match(trigger.when, case)
        if found is None:
            continue
        decision.raise_to(max(decision.tier + trigger.raise_by, trigger.raise_to or 0))
        decision.notify += trigger.notify
        decision.lane = trigger.lane or decision.lane
        decision.reasons.append(Reason(rule=trigger.id, text=trigger.text, evidence=found))


def _apply_caution(
    decision: Decision, case: Case, prediction: Prediction | None, policy: Policy
) -> None:
    """Keep a ticket that may well be P1 from the lower tiers, though another level is the answer.

    Under a person's P1 what the model said is kept for when they state another level.
    """
    is_p1 = case.severity is Severity.P1
    if prediction is None or (is_p1 and case.ticket.stated_severity is None):
        return
    probability, head = p1_probability(prediction, policy), prediction.heads.get("severity")
    says_p1 = head is not None and policy.severity_of(head.label) is Severity.P1
    if says_p1 or probability >= prediction.thresholds.get(CAUTION_P1, 1.0):
        if not is_p1:
            decision.raise_to_safety()
        text = f"the model can't rule out P1 (probability {probability:.2f})"
        text += doubt_text(prediction)
        decision.reasons.append(Reason(rule=CAUTION_P1, text=text))


def _hear_assessment(
    decision: Decision, case: Case, alarms: Sequence[Reason], policy: Policy
) -> None:
    """Raise to what the escalation guideline asks for on a person's word."""
    ask = asked(case, policy, incidents_of(alarms))
    if ask is not None:
        decision.raise_to(ask.tier)
        text = f"the assessment asks for tier {ask.tier} at least"
        decision.reasons.append(Reason(rule="assessment.asks", text=text, evidence=ask.why))


def _apply_safety(decision: Decision, alarms: Sequence[Reason]) -> None:
    """Raise to the safety tier where safety found anything, and have on-call told."""
    if alarms:
        decision.raise_to_safety()
        decision.notify.append("on_call")
        decision.reasons[:0] = alarms


def _respect_people(decision: Decision, case: Case, policy: Policy, *, unsafe: bool) -> None:
    """Never move a ticket down by itself, nor away from where a person locked it: only advise.

    A safety hit still says tier 3 for a ticket that a person locked lower: the lock can't
    switch safety off, and the reasons say both.
    """
    ticket, current = case.ticket, current_tier(case.ticket, policy)
    decision.reasons += _unknown_place(ticket, current, policy)
    if current is None:
        return
    advised = decision.tier
    if ticket.locked_by_human and advised != current:
        decision.tier = max(current, safety.SAFETY_TIER) if unsafe else current
        text = f"a person placed this ticket at tier {current}; Tierline would say tier {advised}"
        decision.reasons.append(Reason(rule="lock.human", text=text))
    down = step_down(case, advised, current, policy, unsafe=unsafe)
    decision.reasons += [down] if down else []
    if not ticket.locked_by_human:
        decision.raise_to(current)
    decision.locked = held_tier(ticket, policy, unsafe=unsafe) is not None
    decision.path = tuple(sorted({*decision.path, decision.tier}))


def _unknown_place(ticket: Ticket, current: int | None, policy: Policy) -> Iterator[Reason]:
    """Yield the reason that says that Tierline can't tell where the ticket is, or is locked."""
    unknown = ticket.team is not None and ticket.team not in policy.teams
    if not ticket.locked_by_human:
        if unknown:
            text = "the ticket is with a team that the policy doesn't know: "
            text += "it tells no tier, and only exclusions from a team of that very name hold"
            yield Reason(rule="team.unknown", text=text)
        return
    if current is None:
        text = "but no tier or team of the policy says where; this answer is advice only"
    elif unknown:
        text = "but with a team that the policy doesn't know; the team here is advice only"
    else:
        return
    yield Reason(rule="lock.unknown_place", text=f"a person locked this ticket, {text}")


def current_tier(ticket: Ticket, policy: Policy) -> int | None:
    """Return the tier where the ticket is now: as given, else its team's."""
    if ticket.current_tier is not None or ticket.team not in policy.teams:
        return ticket.current_tier
    return policy.teams[ticket.team].tier


def held_tier(ticket: Ticket, policy: Policy, *, unsafe: bool) -> int | None:
    """Return the tier where a person's lock holds the ticket, None where none does.

    ``unsafe``: safety found something, so that a lock below its tier doesn't hold. Nor does one at
    a place that the policy doesn't know.
    """
    current = current_tier(ticket, policy)
    if not ticket.locked_by_human or current is None:
        return None
    return None if unsafe and current < safety.SAFETY_TIER else current


def _place(
    decision: Decision,
    case: Case,
    alarms: Sequence[Reason],
    policy: Policy,
    never: tuple[Exclusion, ...],
) -> None:
    """Name the team; where exclusions leave none at the tier, a higher one takes the ticket."""
    incidents = incidents_of(alarms)
    wanted = Wanted(case, decision.lane, incidents, never, case.ticket.team, decision.locked)
    found = place(wanted, decision.tier, policy)
    decision.raise_to(found.tier)
    decision.path = tuple(sorted({*decision.path, decision.tier}))
    decision.team = found.team
    decision.reasons += found.reasons
    done = close(case, policy, unsafe=bool(alarms))
    decision.reasons += [done] if done else []

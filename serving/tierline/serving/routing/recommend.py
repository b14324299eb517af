"""The decision: one pure function from a ticket, a prediction, a policy and a clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from tierline.data.labels import HEADS, Severity
from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.clock.deadlines import deadlines, runs_always
from tierline.serving.clock.filed import filed
from tierline.serving.policy import TIERS, EntryRule, Exclusion, Policy
from tierline.serving.routing.alarms import alarms_of, incidents_of
from tierline.serving.routing.caution import CAUTION_P1, p1_probability
from tierline.serving.routing.conditions import Case, first_match, searchable
from tierline.serving.routing.recommendation import Alternative, Reason, Recommendation
from tierline.serving.routing.retired import present_labels
from tierline.serving.routing.review import alternatives, review_reason
from tierline.serving.routing.standing import Standing, clock_reasons, cover, next_review
from tierline.serving.teams.advice import close, step_down
from tierline.serving.teams.answers import Assessment, Change
from tierline.serving.teams.assessment import asked, assess
from tierline.serving.teams.choice import Wanted, place
from tierline.serving.teams.exclusions import NO_MORE, Exclusions
from tierline.serving.teams.would_change import would_change

_STANDARD_LANE: Final = "standard"
ENTRY_FALLBACK: Final = "entry.fallback"


def recommend(
    ticket: Ticket,
    prediction: Prediction | None,
    policy: Policy,
    now: datetime,
    exclusions: Exclusions = NO_MORE,
    known_hits: tuple[safety.SafetyHit, ...] = (),
    *,
    what_if: bool = True,
) -> Recommendation:
    """Return which tier and team should take the ticket, by when, and why.

    Pure: the same arguments give the same answer, and nothing else is read. ``now`` must
    carry a time zone. Without a prediction the answer comes from the rules alone. Whatever the
    policy or the model say, a safety hit goes to tier 3 at least. ``exclusions`` hold beside the
    policy's own. ``known_hits`` are safety hits of a stored ticket, whose words may have been
    redacted since: they can only add to those that its words give. ``what_if`` false leaves out
    what would change the answer, which costs as much as four more decisions.

    Raises:
        ValueError: when ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now: expected a time with a time zone; use datetime.now(UTC)")
    text = full_text(ticket)
    prediction, displaced = present_labels(prediction, policy)
    mode: Literal["full", "rules_only"] = "rules_only" if prediction is None else "full"
    said = prediction if text else None
    hits = safety.united(known_hits, safety.check(text))
    words, never = searchable(text), exclusions.beside(policy)
    alarms = alarms_of(hits, said, text)

    def case_at(instant: datetime, said: Prediction | None = said) -> Case:
        return _case(ticket, text, words, said, policy, now, instant)

    def decided(case: Case, said: Prediction | None, alarms: Sequence[Reason]) -> "_Decision":
        decision = _decide(case, said, alarms, policy)
        _place(decision, case, alarms, policy, never)
        return decision

    def at(instant: datetime) -> Standing:
        def tier_with(other: Prediction) -> int:
            found = alarms_of(hits, other, text)
            return decided(case_at(instant, other), other, found).tier

        case = case_at(instant)
        decision = decided(case, said, alarms)
        decision.reasons += displaced if text else ()
        assessment = assess(case, policy, incidents_of(alarms))
        changes: tuple[Change, ...] = ()
        if what_if:
            changes = would_change(
                case, decision.tier, assessment, policy, lambda c: decided(c, said, alarms).tier
            )
        others = alternatives(said, tier_with) if said else ()
        return _standing(decision, case, policy, _Beside(others, assessment, changes), bool(alarms))

    answer = at(now)
    why_review = review_reason(text, prediction, hits, displaced=bool(displaced))
    return Recommendation(
        id=ticket.id,
        tier=answer.tier,
        path=answer.path,
        owner=policy.tiers[answer.tier].owner,
        team=answer.team,
        lane=answer.lane,
        **_head_columns(said),
        respond_by=answer.due.respond_by,
        resolve_by=answer.due.resolve_by,
        reasons=answer.reasons,
        notify=answer.notify,
        needs_review=why_review is not None,
        review_reason=why_review,
        alternatives=answer.alternatives,
        assessment=answer.assessment,
        would_change=answer.would_change,
        next_review_at=next_review(case_at(now), policy, answer, at),
        mode=mode,
        model_version=prediction.model_version if prediction else None,
        policy_version=policy.version,
    )


def entry_path(
    severity: Severity | None, issue_type: str | None, policy: Policy
) -> tuple[int, ...] | None:
    """Return the tiers that the policy gives to these labels alone; None where it doesn't say."""
    now = datetime.max.replace(tzinfo=UTC)
    case = Case(Ticket(), "", "", severity, issue_type, None, now)
    entered = _enter(case, policy)
    return None if entered.reasons[0].rule == ENTRY_FALLBACK else entered.path


def _case(
    ticket: Ticket,
    text: str,
    words: str,
    prediction: Prediction | None,
    policy: Policy,
    described: datetime,
    now: datetime,
) -> Case:
    labels = {h: p.label for h, p in prediction.heads.items()} if prediction else {}
    severity = policy.severity_of(labels.get("severity"))
    issue_type, sentiment = labels.get("issue_type"), labels.get("sentiment")
    return Case(ticket, text, words, severity, issue_type, sentiment, now, now - described)


@dataclass(frozen=True)
class _Beside:
    """What an answer tells beside the decision."""

    alternatives: tuple[Alternative, ...]
    assessment: Assessment
    would_change: tuple[Change, ...]


def _standing(
    decision: "_Decision", case: Case, policy: Policy, beside: _Beside, safe: bool
) -> Standing:
    """Return the decision with its deadlines and with what has run out."""
    calendar = policy.calendar_of(decision.team, decision.tier)
    start = filed(case.ticket, case.now, case.waited)
    due = deadlines(policy, decision.tier, calendar, case.severity, start, safe=safe)
    always = runs_always(policy, case.severity, safe)
    covered, on_call = cover(case, policy, decision.team, calendar) if always else (None, None)
    notify = (*decision.notify, *([on_call] if on_call else ()))
    return Standing(
        tier=decision.tier,
        path=(decision.tier, *(t for t in decision.path if t > decision.tier)),
        team=decision.team,
        lane=decision.lane,
        reasons=(
            *decision.reasons,
            *([covered] if covered else ()),
            *clock_reasons(case, due),
        ),
        notify=tuple(dict.fromkeys(notify)),
        alternatives=beside.alternatives,
        assessment=beside.assessment,
        would_change=beside.would_change,
        due=due,
        always=always,
        calendar=calendar,
    )


def _decide(
    case: Case, prediction: Prediction | None, alarms: Sequence[Reason], policy: Policy
) -> "_Decision":
    """Return the decision, still without a team; ``alarms`` are the reasons that safety gives."""
    decision = _enter(case, policy)
    _pull_triggers(decision, case, policy)
    _hear_assessment(decision, case, alarms, policy)
    _apply_caution(decision, case, prediction, policy)
    _apply_safety(decision, alarms)
    _respect_people(decision, case, policy, unsafe=bool(alarms))
    return decision


@dataclass
class _Decision:
    """The answer while it is being made; ``tier`` only ever rises."""

    tier: int
    path: tuple[int, ...]
    reasons: list[Reason]
    notify: list[str] = field(default_factory=list)
    lane: str = _STANDARD_LANE
    team: str = ""
    locked: bool = False

    def raise_to(self, tier: int) -> None:
        self.tier = max(self.tier, min(tier, TIERS[-1]))

    def raise_to_safety(self) -> None:
        """Raise to the safety tier, from which the ticket may climb to the last one."""
        self.raise_to(safety.SAFETY_TIER)
        self.path = tuple(sorted({*self.path, *TIERS[safety.SAFETY_TIER - 1 :]}))


def _enter(case: Case, policy: Policy) -> _Decision:
    """Apply the first entry rule that matches; the last one always does."""
    for rule in policy.entry:
        found = first_match(rule.when, case)
        if found is not None:
            path = rule.path or _standard_path(case, policy)
            return _Decision(path[0], path, [_entry_reason(rule, found, case, policy)])
    raise AssertionError("the policy's last entry rule matches every ticket")


def _entry_reason(rule: EntryRule, found: tuple[str, ...], case: Case, policy: Policy) -> Reason:
    if rule.path:
        return Reason(rule=rule.id, text=rule.text, evidence=found)
    if case.issue_type is None or not policy.owns(case.issue_type):
        who = "no model named the issue type" if case.issue_type is None else "no tier owns it"
        return Reason(rule=ENTRY_FALLBACK, text=f"{who}: the policy's fallback tier takes it")
    return Reason(rule=rule.id, text=rule.text, evidence=(f"issue_type: {case.issue_type}",))


def _standard_path(case: Case, policy: Policy) -> tuple[int, ...]:
    """Return the tiers from the owner's up to senior engineers (from there, one more)."""
    owner = policy.owner_tier(case.issue_type)
    top = max(safety.SAFETY_TIER, min(owner + 1, TIERS[-1]))
    return tuple(range(owner, top + 1))


def _pull_triggers(decision: _Decision, case: Case, policy: Policy) -> None:
    for trigger in policy.triggers:
        found = first_match(trigger.when, case)
        if found is None:
            continue
        decision.raise_to(max(decision.tier + trigger.raise_by, trigger.raise_to or 0))
        decision.notify += trigger.notify
        decision.lane = trigger.lane or decision.lane
        decision.reasons.append(Reason(rule=trigger.id, text=trigger.text, evidence=found))


def _apply_caution(
    decision: _Decision, case: Case, prediction: Prediction | None, policy: Policy
) -> None:
    """Keep a ticket that may well be P1 from the lower tiers, though another level is likelier."""
    if prediction is None or case.severity is Severity.P1:
        return
    probability = p1_probability(prediction, policy)
    if probability >= prediction.thresholds.get(CAUTION_P1, 1.0):
        decision.raise_to_safety()
        text = f"the model can't rule out P1 (probability {probability:.2f})"
        decision.reasons.append(Reason(rule=CAUTION_P1, text=text))


def _hear_assessment(
    decision: _Decision, case: Case, alarms: Sequence[Reason], policy: Policy
) -> None:
    """Raise to what the escalation guideline asks for on a person's word."""
    ask = asked(case, policy, incidents_of(alarms))
    if ask is not None:
        decision.raise_to(ask.tier)
        text = f"the assessment asks for tier {ask.tier} at least"
        decision.reasons.append(Reason(rule="assessment.asks", text=text, evidence=ask.why))


def _apply_safety(decision: _Decision, alarms: Sequence[Reason]) -> None:
    """Raise to the safety tier where safety found anything, and have on-call told."""
    if alarms:
        decision.raise_to_safety()
        decision.notify.append("on_call")
        decision.reasons[:0] = alarms


def _respect_people(decision: _Decision, case: Case, policy: Policy, *, unsafe: bool) -> None:
    """Never move a ticket down by itself, nor away from where a person locked it.

    A safety hit still says tier 3 for a ticket that a person locked lower: the lock can't
    switch safety off, and the reasons say both.
    """
    ticket, current = case.ticket, _current_tier(case.ticket, policy)
    if current is None:
        return
    advised = decision.tier
    if ticket.locked_by_human and advised != current:
        decision.tier = max(current, safety.SAFETY_TIER) if unsafe else current
        text = f"a person placed this ticket at tier {current}; Tierline would say tier {advised}"
        decision.reasons.append(Reason(rule="lock.human", text=text))
    elif not ticket.locked_by_human:
        down = step_down(case, advised, current, policy, unsafe=unsafe)
        decision.reasons += [down] if down else []
        decision.raise_to(current)
    decision.locked = ticket.locked_by_human and decision.tier == current
    decision.path = tuple(sorted({*decision.path, decision.tier}))


def _current_tier(ticket: Ticket, policy: Policy) -> int | None:
    """Return the tier where the ticket is now: as given, else its team's."""
    if ticket.current_tier is not None or ticket.team not in policy.teams:
        return ticket.current_tier
    return policy.teams[ticket.team].tier


def _place(
    decision: _Decision,
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
    if not case.ticket.locked_by_human:
        done = close(case, policy, unsafe=bool(alarms))
        decision.reasons += [done] if done else []


def _head_columns(prediction: Prediction | None) -> dict[str, Any]:
    """Return label and confidence of every head, None where no model answered."""
    columns: dict[str, Any] = {}
    for head in HEADS:
        answer = prediction.heads.get(head) if prediction else None
        columns[head] = answer.label if answer else None
        columns[f"{head}_confidence"] = answer.confidence if answer else None
    return columns

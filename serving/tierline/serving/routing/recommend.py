"""The decision: one pure function from a ticket, a prediction, a policy and a clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.clock.covering import Serving, serving, stand_ins
from tierline.serving.clock.deadlines import deadlines, runs_always
from tierline.serving.clock.filed import filed
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.routing.alarms import alarms_of, incidents_of
from tierline.serving.routing.conditions import Case, searchable
from tierline.serving.routing.decision import Decision, decide, tier_of
from tierline.serving.routing.recommendation import Alternative, Reason, Recommendation
from tierline.serving.routing.retired import present_labels
from tierline.serving.routing.review import alternatives, review_reason
from tierline.serving.routing.standing import Standing, clock_reasons, cover, next_review
from tierline.serving.teams.answers import Assessment, Change
from tierline.serving.teams.assessment import assess
from tierline.serving.teams.exclusions import NO_MORE, Exclusions, kept_from
from tierline.serving.teams.would_change import would_change

SEVERITY_EXPECTED: Final = (
    "stated_severity: expected P1, P2, P3, P4 or a name that the policy gives one"
)


#: The reason that says that a person states the severity.
STATED: Final = "assessment.severity"


def knows_stated(policy: Policy, ticket: Ticket) -> bool:
    """Return whether the policy knows the severity that a person states, if any."""
    return ticket.stated_severity is None or policy.severity_of(ticket.stated_severity) is not None


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
    redacted since: they can only add to those that its words give. The ticket's
    ``stated_severity`` counts in place of the model's, but for what the model can't rule out as
    P1. ``what_if`` false leaves out what would change the answer, which costs as much as four
    more decisions.

    Raises:
        ValueError: when ``now`` has no time zone, or the policy doesn't know the severity.
    """
    if now.tzinfo is None:
        raise ValueError("now: expected a time with a time zone; use datetime.now(UTC)")
    if not knows_stated(policy, ticket):
        raise ValueError(SEVERITY_EXPECTED)
    text, severity = full_text(ticket), ticket.stated_severity
    prediction, displaced = present_labels(prediction, policy)
    mode: Literal["full", "rules_only"] = "rules_only" if prediction is None else "full"
    said = prediction if text else None
    hits = safety.united(known_hits, safety.check(text))
    words, never = searchable(text), exclusions.beside(policy)
    alarms = alarms_of(hits, said, text)

    def case_at(instant: datetime, said: Prediction | None = said) -> Case:
        return _case(ticket, text, words, said, policy, now, instant)

    def at(instant: datetime) -> Standing:
        def tier_with(other: Prediction) -> int:
            found = alarms_of(hits, other, text)
            return tier_of(case_at(instant, other), other, found, policy, never)

        case = case_at(instant)
        decision = decide(case, said, alarms, policy, never)
        decision.reasons += displaced if text else ()
        decision.reasons += [_stated(severity, said)] if severity else []
        assessment = assess(case, policy, incidents_of(alarms))
        changes: tuple[Change, ...] = ()
        if what_if:
            changes = would_change(
                case,
                decision.tier,
                assessment,
                policy,
                lambda other: tier_of(other, said, alarms, policy, never),
            )
        others = alternatives(said, tier_with) if said else ()
        others = tuple(o for o in others if severity is None or o.head != "severity")
        served = None
        if runs_always(policy, case.severity, bool(alarms)):
            served = _serving(decision, case, alarms, policy, never)
        return _standing(
            decision, case, policy, _Beside(others, assessment, changes, served), bool(alarms)
        )

    answer = at(now)
    judged = _without_severity(prediction) if prediction and severity else prediction
    why_review = review_reason(text, judged, hits, displaced=bool(displaced))
    columns = _head_columns(said) | (
        {"severity": severity, "severity_confidence": None} if severity else {}
    )
    return Recommendation(
        id=ticket.id,
        tier=answer.tier,
        path=answer.path,
        owner=policy.tiers[answer.tier].owner,
        team=answer.team,
        lane=answer.lane,
        **columns,
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
        stage=prediction.stage if prediction else None,
        model_version=prediction.model_version if prediction else None,
        policy_version=policy.version,
    )


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
    severity = policy.severity_of(ticket.stated_severity or labels.get("severity"))
    issue_type, sentiment = labels.get("issue_type"), labels.get("sentiment")
    return Case(ticket, text, words, severity, issue_type, sentiment, now, now - described)


def _stated(severity: str, said: Prediction | None) -> Reason:
    """Return the reason that says where the severity comes from."""
    head = said.heads.get("severity") if said else None
    other = f"; the model said {head.label} ({head.confidence:.2f})" if head else ""
    return Reason(rule=STATED, text=f"a person states severity {severity}{other}")


def _without_severity(prediction: Prediction) -> Prediction:
    """Return the prediction as far as a person hasn't stated the answer."""
    heads = {name: head for name, head in prediction.heads.items() if name != "severity"}
    return replace(prediction, heads=heads)


@dataclass(frozen=True)
class _Beside:
    """What an answer tells beside the decision."""

    alternatives: tuple[Alternative, ...]
    assessment: Assessment
    would_change: tuple[Change, ...]
    serving: Serving | None


def _serving(
    decision: Decision,
    case: Case,
    alarms: Sequence[Reason],
    policy: Policy,
    never: tuple[Exclusion, ...],
) -> Serving:
    """Return who serves the decision's team now; nobody stands in where a person placed it."""
    others: tuple[str, ...] = ()
    if not decision.locked:
        own = () if case.issue_type is None else (case.issue_type,)
        barred = kept_from(decision.team, never, case.ticket, (*incidents_of(alarms), *own))
        others = stand_ins(policy, decision.team, decision.tier, barred)
    return serving(policy, decision.team, others, case.now)


def _standing(
    decision: Decision, case: Case, policy: Policy, beside: _Beside, safe: bool
) -> Standing:
    """Return the decision with its deadlines and with what has run out."""
    calendar = policy.calendar_of(decision.team, decision.tier)
    start = filed(case.ticket, case.now, case.waited)
    due = deadlines(policy, decision.tier, calendar, case.severity, start, safe=safe)
    served = beside.serving
    covered, who = cover(served, policy, decision.team) if served else (None, None)
    notify = (*decision.notify, *([who] if who else ()))
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
        serving=served,
    )


def _head_columns(prediction: Prediction | None) -> dict[str, Any]:
    """Return label and confidence of every head, None where no model answered."""
    columns: dict[str, Any] = {}
    for head in HEADS:
        answer = prediction.heads.get(head) if prediction else None
        columns[head] = answer.label if answer else None
        columns[f"{head}_confidence"] = answer.confidence if answer else None
    return columns

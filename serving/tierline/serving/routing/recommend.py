"""The decision: one pure function from a ticket, a prediction, a policy and a clock."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.policy import Policy
from tierline.serving.routing.conditions import searchable
from tierline.serving.routing.question import Question
from tierline.serving.routing.recommendation import Reason, Recommendation
from tierline.serving.routing.retired import present_labels
from tierline.serving.routing.review import review_reason
from tierline.serving.routing.standing import next_review
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

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
    said = prediction if text else None
    question = Question(
        ticket=ticket,
        text=text,
        words=searchable(text),
        said=said,
        hits=safety.united(known_hits, safety.check(text)),
        beside=(*(displaced if text else ()), *_stated(severity, said)),
        policy=policy,
        never=exclusions.beside(policy),
        described=now,
        what_if=what_if,
    )
    answer = question.standing(now)
    judged = _without_severity(prediction) if prediction and severity else prediction
    why_review = review_reason(text, judged, question.hits, displaced=bool(displaced))
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
        next_review_at=next_review(question.case(now, said), policy, answer, question.standing),
        mode="rules_only" if prediction is None else "full",
        stage=prediction.stage if prediction else None,
        model_version=prediction.model_version if prediction else None,
        policy_version=policy.version,
    )


def _stated(severity: str | None, said: Prediction | None) -> tuple[Reason, ...]:
    """Return the reason that says that a person states the severity, if one does."""
    if severity is None:
        return ()
    head = said.heads.get("severity") if said else None
    other = f"; the model said {head.label} ({head.confidence:.2f})" if head else ""
    return (Reason(rule=STATED, text=f"a person states severity {severity}{other}"),)


def _without_severity(prediction: Prediction) -> Prediction:
    """Return the prediction as far as a person hasn't stated the answer."""
    heads = {name: head for name, head in prediction.heads.items() if name != "severity"}
    return replace(prediction, heads=heads)


def _head_columns(prediction: Prediction | None) -> dict[str, Any]:
    """Return label and confidence of every head, None where no model answered."""
    columns: dict[str, Any] = {}
    for head in HEADS:
        answer = prediction.heads.get(head) if prediction else None
        columns[head] = answer.label if answer else None
        columns[f"{head}_confidence"] = answer.confidence if answer else None
    return columns

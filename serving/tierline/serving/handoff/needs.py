"""What a packet lacks by the policy, and what is still open."""

from collections.abc import Iterator
from typing import Final

from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.serving.handoff.packet import Missing, Notes
from tierline.serving.policy import Policy
from tierline.serving.policy.handoff import Need
from tierline.serving.routing.recommendation import Recommendation, ReviewReason

_QUESTIONS: Final[dict[Need, str]] = {
    "reported": "What did the customer report?",
    "tried": "Which steps have been tried, and what came of them?",
    "reproduction": "How can it be made to happen again?",
    "contact": "How and when is the customer reached?",
    "customer_tier": "What kind of customer is this: enterprise, smb or consumer?",
    "severity": "How severe is it?",
    "issue_type": "What has to be solved?",
}
_REVIEWS: Final = {
    ReviewReason.EMPTY: "The ticket has no words: what is it about?",
    ReviewReason.DEGRADED: "Rules answered without a model: is the tier right?",
    ReviewReason.UNSUPPORTED_LANGUAGE: "The model doesn't know this language: is the tier right?",
    ReviewReason.OUT_OF_DISTRIBUTION: "The model knows no ticket like this: is the tier right?",
    ReviewReason.RULE_CONFLICT: "A safety rule fired, the model sees no incident: which is it?",
    ReviewReason.LOW_CONFIDENCE: "The model is unsure: are its labels right?",
    ReviewReason.TRUNCATED: "The middle of the text wasn't read: does it change anything?",
}


def missing(
    ticket: Ticket, notes: Notes, answer: Recommendation, policy: Policy
) -> tuple[Missing, ...]:
    """Return what the policy requires of this packet and it lacks."""
    severity = policy.severity_of(answer.severity)
    needs = policy.handoff.needs(
        answer.tier, severity, answer.issue_type, incident=answer.is_incident
    )
    found = {
        "reported": full_text(ticket),
        "tried": notes.tried,
        "reproduction": notes.reproduction,
        "contact": notes.contact,
        "customer_tier": ticket.customer_tier,
        "severity": answer.severity,
        "issue_type": answer.issue_type,
    }
    return tuple(Missing(what=n, question=_QUESTIONS[n]) for n in needs if not found[n])


def open_questions(answer: Recommendation, lacking: tuple[Missing, ...]) -> Iterator[str]:
    """Yield what Tierline itself would ask: what is missing, and where it is unsure."""
    yield from (lack.question for lack in lacking)
    if answer.review_reason in _REVIEWS:
        yield _REVIEWS[answer.review_reason]
    for other in answer.alternatives:
        name = other.head.replace("_", " ")
        yield f"Is the {name} {getattr(answer, other.head)} or {other.label}?"

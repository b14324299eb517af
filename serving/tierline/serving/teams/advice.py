"""De-escalation: advice to step down or to close once the reason for the tier is gone."""

from collections.abc import Iterator
from typing import Final

from tierline.data.labels import Sentiment
from tierline.data.ticket import Ticket
from tierline.serving.policy import Policy
from tierline.serving.routing.conditions import Case
from tierline.serving.routing.recommendation import Reason
from tierline.serving.safety import SAFETY_TIER

_MOODS: Final = {str(mood): place for place, mood in enumerate(Sentiment)}


def step_down(
    case: Case, advised: int, current: int, policy: Policy, unsafe: bool
) -> Reason | None:
    """Return the advice to give a ticket at ``current`` to a lower tier, or None.

    ``advised`` is the tier that all rules together lead to; it is never below the safety tier
    where safety found something. A matter that is settled needs no more than the tier that owns
    its issue type, or the safety tier.
    """
    gone = tuple(_gone(case, policy))
    if advised < current:
        text = f"could step down to tier {advised}: nothing here asks for tier {current}"
        return Reason(rule="advice.step_down", text=text, evidence=gone)
    home = max(policy.owner_tier(case.issue_type), SAFETY_TIER if unsafe else 0)
    done = _status_in(case.ticket, policy.advice.step_down_on)
    if advised == current and home < current and done:
        text = f"could step down to tier {home}: the reason for tier {current} is gone"
        return Reason(rule="advice.step_down", text=text, evidence=gone)
    return None


def close(case: Case, policy: Policy, *, unsafe: bool) -> Reason | None:
    """Return the advice to close a ticket that the help desk calls settled, or None.

    Never on incidents, nor where the mood got worse since an earlier answer.
    """
    if unsafe or not _status_in(case.ticket, policy.advice.close_on) or _turn(case) < 0:
        return None
    evidence = tuple(_gone(case, policy))
    return Reason(rule="advice.close", text="could be closed", evidence=evidence)


def settled(ticket: Ticket, policy: Policy) -> bool:
    """Return whether the help desk's status says that the matter is answered or done."""
    return _status_in(ticket, policy.advice.step_down_on + policy.advice.close_on)


def _status_in(ticket: Ticket, words: tuple[str, ...]) -> bool:
    status = (ticket.status or "").strip().casefold()
    return status in {word.casefold() for word in words}


def _gone(case: Case, policy: Policy) -> Iterator[str]:
    """Yield what of the reasons for a tier is gone, as fields say it."""
    if settled(case.ticket, policy):
        yield f"status: {(case.ticket.status or '').strip()}"
    before = policy.severity_of(case.ticket.earlier_severity)
    if before is not None and case.severity is not None and before < case.severity:
        yield f"severity: {before} → {case.severity}"
    if _turn(case) > 0:
        yield f"sentiment: {case.ticket.earlier_sentiment} → {case.sentiment}"


def _turn(case: Case) -> int:
    """Return by how many steps the mood got better since an earlier answer, 0 if unknown."""
    before, now = _MOODS.get(case.ticket.earlier_sentiment or ""), _MOODS.get(case.sentiment or "")
    return 0 if before is None or now is None else now - before

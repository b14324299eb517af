"""What would change the tier: one fact at a time, decided anew with that fact changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from tierline.data.labels import Severity
from tierline.data.ticket import DIMENSIONS, CustomerTier, HandAssessment
from tierline.serving.policy import TIERS, Ask, Policy, duration_text
from tierline.serving.routing.conditions import Case, evidence
from tierline.serving.teams.answers import Assessment, Change

#: An answer names so many changes at most.
MOST: Final = 4
_MINUTE: Final = 60


@dataclass(frozen=True)
class _Fact:
    """A fact that may have another value: how it reads, and the case with it."""

    name: str
    value: str
    text: str
    case: Case


def would_change(
    case: Case,
    tier: int,
    assessment: Assessment,
    policy: Policy,
    tier_of: Callable[[Case], int],
) -> tuple[Change, ...]:
    """Return up to four facts that would lead to another tier than ``tier``, each by itself.

    ``tier_of`` decides a case anew, so that what is said is true. In this order: one site more,
    attempts, the wait, the customer tier, the severities next to this one, and levels of the
    assessment that an agent would set. Only limits that the policy names are tried.
    """
    return tuple(islice(_changes(case, tier, assessment, policy, tier_of), MOST))


def _changes(
    case: Case,
    tier: int,
    assessment: Assessment,
    policy: Policy,
    tier_of: Callable[[Case], int],
) -> Iterator[Change]:
    groups: tuple[Iterable[_Fact], ...] = (
        _counts(case, policy, "sites_affected", "sites_over", _sites),
        _counts(case, policy, "attempts", "attempts_over", _attempts),
        _waits(case, policy),
        _customers(case, policy),
        _severities(case, worse=True) if tier < TIERS[-1] else (),
        _severities(case, worse=False) if tier > TIERS[0] else (),
        *(_by_hand(name, case, tier, assessment, policy) for name in DIMENSIONS),
    )
    for group in groups:
        # The nearest value of a fact says enough.
        for fact in group:
            other = tier_of(fact.case)
            if other != tier:
                text = f"tier {other} if {fact.text}"
                yield Change(text=text, tier=other, fact=fact.name, value=fact.value)
                break


def _with(case: Case, **fields: Any) -> Case:
    return replace(case, ticket=case.ticket.model_copy(update=fields))


def _counts(
    case: Case, policy: Policy, field: str, key: str, said: Callable[[int], str]
) -> Iterator[_Fact]:
    now = getattr(case.ticket, field) or 0
    for over in _limits(policy, key):
        if over >= now:
            changed = _with(case, **{field: over + 1})
            if _matters(key, case, changed, policy):
                yield _Fact(field, str(over + 1), said(over), changed)


def _limits(policy: Policy, key: str) -> list[Any]:
    """Return the limits that the policy's conditions name, rising."""
    return sorted({getattr(condition, key) for condition in policy.asking_about(key)})


def _matters(key: str, case: Case, changed: Case, policy: Policy) -> bool:
    """Return whether a condition on the key holds for one of the cases only.

    Else deciding anew is in vain, and backlogs are long.
    """
    return any(
        (evidence(condition, case) is None) != (evidence(condition, changed) is None)
        for condition in policy.asking_about(key)
    )


def _sites(over: int) -> str:
    return "more than one site is affected" if over == 1 else f"more than {over} sites are affected"


def _attempts(over: int) -> str:
    return f"there were more than {over} attempts"


def _waits(case: Case, policy: Policy) -> Iterator[_Fact]:
    for over in _limits(policy, "waited_over"):
        if case.waited is None or over >= case.waited:
            minutes = over.total_seconds() / _MINUTE + 1
            changed = _with(case, waited_minutes=minutes)
            if _matters("waited_over", case, changed, policy):
                text = f"it has waited more than {duration_text(over)}"
                yield _Fact("waited_minutes", f"{minutes:g}", text, changed)


def _customers(case: Case, policy: Policy) -> Iterator[_Fact]:
    named = {tier for c in policy.asking_about("customer_tier") for tier in c.customer_tier or ()}
    for tier in CustomerTier:
        if tier in named and tier != case.ticket.customer_tier:
            changed = _with(case, customer_tier=tier)
            if _matters("customer_tier", case, changed, policy):
                yield _Fact("customer_tier", tier, f"the customer is {tier}", changed)


def _severities(case: Case, *, worse: bool) -> Iterator[_Fact]:
    """Yield the worse severities or the better ones, the nearest first."""
    levels = [*Severity]
    if case.severity is not None:
        here = levels.index(case.severity)
        levels = levels[:here][::-1] if worse else levels[here + 1 :]
    elif worse:
        levels = levels[::-1]
    else:
        return
    for level in levels:
        yield _Fact("severity", level, f"it is {level}", replace(case, severity=level))


def _by_hand(
    name: str, case: Case, tier: int, assessment: Assessment, policy: Policy
) -> Iterator[_Fact]:
    """Yield the levels of one dimension with which an agent's word would ask for a higher tier."""
    asks = [ask for ask in policy.assessment.asks if ask.tier > tier]
    for level in sorted({_needed(name, ask, assessment) for ask in asks} & {1, 2, 3}):
        hand = (case.ticket.assessment or HandAssessment()).model_copy(update={name: level})
        text = f"an agent sets {name.replace('_', ' ')} to {level}"
        yield _Fact(f"assessment.{name}", str(level), text, _with(case, assessment=hand))


def _needed(name: str, ask: Ask, assessment: Assessment) -> int:
    """Return the level of one dimension that would fulfil an ask, the others being as they are.

    A level below the present one isn't needed; 0 where no level of this dimension helps.
    """
    level: int = getattr(assessment, name).level
    least = ask.levels.get(name, 0)
    if ask.total is not None:
        least = max(least, ask.total - assessment.total + level)
    return max(least, level) if least else 0

"""Where tickets never go: "never route A to B", by team."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tierline.data.ticket import Ticket
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.policy.teams import SELECTORS, folded
from tierline.serving.routing.recommendation import Reason

_SAFETY: Final = "safety."


@dataclass(frozen=True)
class Exclusions:
    """Exclusions that hold beside the policy's own, such as those that a store keeps."""

    rules: tuple[Exclusion, ...] = ()

    def beside(self, policy: Policy) -> tuple[Exclusion, ...]:
        """Return the policy's exclusions and these."""
        return policy.exclusions + self.rules if self.rules else policy.exclusions


#: Nothing beside the policy's exclusions.
NO_MORE: Final = Exclusions()


class Answered(Protocol):
    """What exclusions ask of an answer that was given before."""

    @property
    def issue_type(self) -> str | None: ...  # noqa: D102
    @property
    def reasons(self) -> tuple[Reason, ...]: ...  # noqa: D102


def against(
    team: str,
    rules: Sequence[Exclusion],
    ticket: Ticket,
    issue_types: Sequence[str],
    holder: str | None = None,
) -> Exclusion | None:
    """Return the first exclusion that keeps a ticket from a team, or None.

    ``holder`` is a team from which it would be moved, beside the one that the ticket names.
    """
    holders = (ticket.team, holder)
    return next(
        (r for r in rules if r.to_team == team and _names(r, ticket, holders, issue_types)), None
    )


def kept_from(
    team: str, rules: Sequence[Exclusion], ticket: Ticket, issue_types: Sequence[str]
) -> frozenset[str]:
    """Return the teams to which a ticket of ``team`` never goes, from there nor from its own."""

    def barred(other: str) -> bool:
        # What was recommended stays: only a move away from there is one from this team.
        holder = None if other == team else team
        return against(other, rules, ticket, issue_types, holder) is not None

    return frozenset(filter(barred, {rule.to_team for rule in rules}))


def said_of(rule: Exclusion, policy: Policy) -> str:
    """Return which exclusion it is: where it stands, and what it asks about a ticket.

    A customer's id isn't told, nor the rule's own words, which may hold it: answers are stored.
    """
    numbers = (n for n, own in enumerate(policy.exclusions) if own is rule)
    where = next((f"the policy's exclusions.{n}" for n in numbers), "a standing order")
    asks = ((name, getattr(rule, name)) for name in SELECTORS)
    shown = (n if n == "customer" else f"{n} {v}" for n, v in asks if v is not None)
    return f"{where}: {', '.join(shown)} to {rule.to_team}"


def issue_types_of(answer: Answered) -> tuple[str, ...]:
    """Return an answer's issue type and the incidents that safety found."""
    rules = (reason.rule for reason in answer.reasons)
    incidents = tuple(r.rpartition(".")[2] for r in rules if r.startswith(_SAFETY))
    return incidents if answer.issue_type is None else (*incidents, answer.issue_type)


def _names(
    rule: Exclusion, ticket: Ticket, holders: Sequence[str | None], issue_types: Sequence[str]
) -> bool:
    return (
        (rule.from_team is None or any(_same(rule.from_team, team) for team in holders))
        and (rule.customer is None or _same(rule.customer, ticket.customer))
        and (rule.product is None or _same(rule.product, ticket.product))
        and (rule.channel is None or _same(rule.channel, ticket.channel))
        and (rule.issue_type is None or rule.issue_type in issue_types)
    )


def _same(wanted: str, found: str | None) -> bool:
    return found is not None and folded(wanted) == folded(found)

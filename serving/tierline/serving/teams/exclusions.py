"""Where tickets never go: "never route A to B", by team."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tierline.data.errors import PolicyError
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.policy.teams import exclusion_problem
from tierline.serving.routing.conditions import Case


@dataclass(frozen=True)
class Exclusions:
    """Exclusions that hold beside the policy's own, such as those that a store keeps."""

    rules: tuple[Exclusion, ...] = ()

    @classmethod
    def checked(cls, rules: Iterable[Exclusion], policy: Policy) -> "Exclusions":
        """Return the exclusions.

        Raises:
            PolicyError: for a team that the policy doesn't know, or that takes the rest.
        """
        kept = tuple(rules)
        for rule in kept:
            if why := exclusion_problem(rule, policy.teams, policy.last_owner):
                raise PolicyError(f"exclusion of {rule.to_team}: {why}")
        return cls(kept)

    def beside(self, policy: Policy) -> tuple[Exclusion, ...]:
        """Return the policy's exclusions and these."""
        return policy.exclusions + self.rules if self.rules else policy.exclusions


#: Nothing beside the policy's exclusions.
NO_MORE: Final = Exclusions()


def against(
    team: str, rules: Sequence[Exclusion], case: Case, issue_types: Sequence[str]
) -> Exclusion | None:
    """Return the first exclusion that keeps a case from a team, or None."""
    return next((r for r in rules if r.to_team == team and _names(r, case, issue_types)), None)


def _names(rule: Exclusion, case: Case, issue_types: Sequence[str]) -> bool:
    ticket = case.ticket
    return (
        (rule.from_team is None or rule.from_team == ticket.team)
        and (rule.customer is None or rule.customer == ticket.customer)
        and (rule.product is None or _same(rule.product, ticket.product))
        and (rule.channel is None or _same(rule.channel, ticket.channel))
        and (rule.issue_type is None or rule.issue_type in issue_types)
    )


def _same(wanted: str, found: str | None) -> bool:
    return found is not None and wanted.casefold() == found.strip().casefold()

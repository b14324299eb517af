"""What a policy may say and hardly means: warnings, no errors."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import Any

from tierline.serving.policy.helpdesk import HelpdeskPolicy
from tierline.serving.policy.model import Policy
from tierline.serving.policy.queue import capacity_of
from tierline.serving.policy.rules import TIERS
from tierline.serving.policy.teams import folded, members_of_several


def doubts(policy: Policy, content: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each, with its key; ``content`` is what the policy was made from."""
    return chain(
        _new_owners(policy, content.get("teams", {})),
        _one_person(policy),
        _unknown_names(policy),
        _no_capacity(policy),
    )


def _new_owners(policy: Policy, tables: Mapping[str, Any]) -> Iterator[str]:
    for number in TIERS:
        owner = policy.tiers[number].owner
        if owner not in tables:
            meant = _meant(owner, (name for name in policy.teams if name != owner))
            yield (
                f"tiers.{number}.owner: no team is called {owner!r}, so a new one is made.{meant} "
                f"To say that it exists, give it a table: [teams.{owner}] with tier = {number}"
            )


def _one_person(policy: Policy) -> Iterator[str]:
    for person, teams in members_of_several(policy.teams).items():
        where = " and ".join(f"teams.{team}" for team in teams)
        yield (
            f"{where}: {person!r} is a member of each and counts as one person, with the largest "
            "of these capacities. Give two people of one name two names"
        )


def _unknown_names(policy: Policy) -> Iterator[str]:
    """Yield names that nothing else in the policy has: nothing comes of them."""
    teams = {folded(name) for name in policy.teams}
    for number, rule in enumerate(policy.exclusions):
        if rule.from_team is not None and folded(rule.from_team) not in teams:
            meant = _meant(rule.from_team, policy.teams)
            yield f"exclusions.{number}.from_team: no team is called {rule.from_team!r}.{meant}"
    for desk in HelpdeskPolicy.model_fields:
        for name in getattr(policy.helpdesk, desk).groups:
            if name not in policy.teams:
                meant = _meant(name, policy.teams)
                yield f"helpdesk.{desk}.groups: no team is called {name!r}.{meant}"
    lanes = {lane for team in policy.teams.values() for lane in team.lanes}
    for trigger in policy.triggers:
        if trigger.lane and trigger.lane not in lanes:
            meant = _meant(trigger.lane, lanes)
            yield f"triggers {trigger.id}.lane: no team takes the lane {trigger.lane!r}.{meant}"


def _no_capacity(policy: Policy) -> Iterator[str]:
    """Yield teams in whose queue tickets stay; `unserved_hours` knows of the tiers' owners."""
    owners = {tier.owner for tier in policy.tiers.values()}
    for name, team in policy.teams.items():
        if name not in owners and capacity_of(team) == 0 and not team.overflow_to:
            yield (
                f"teams.{name}.capacity: it is 0, so tickets that are routed there wait without "
                "end. Give it more, or a team in overflow_to, or take the team out"
            )


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Is {near[0]} meant?" if near else ""

"""What a policy may say and hardly means: warnings, no errors."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from tierline.serving.policy.model import Policy
from tierline.serving.policy.rules import TIERS
from tierline.serving.policy.teams import members_of_several


def doubts(policy: Policy, content: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each, with its key; ``content`` is what the policy was made from."""
    tables = content.get("teams", {})
    for number in TIERS:
        owner = policy.tiers[number].owner
        if owner not in tables:
            others = (name for name in policy.teams if name != owner)
            near = get_close_matches(owner, others, n=1)
            meant = f" Is {near[0]} meant?" if near else ""
            yield (
                f"tiers.{number}.owner: no team is called {owner!r}, so a new one is made.{meant} "
                f"To say that it exists, give it a table: [teams.{owner}] with tier = {number}"
            )
    for person, teams in members_of_several(policy.teams).items():
        where = " and ".join(f"teams.{team}" for team in teams)
        yield (
            f"{where}: {person!r} is a member of each and counts as one person, with the largest "
            "of these capacities. Give two people of one name two names"
        )

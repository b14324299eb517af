"""The company's own names of groups and customers, out of the policy."""

from tierline.data.helpdesk import Desk, Format
from tierline.serving.policy import Policy
from tierline.serving.policy.helpdesk import DeskPolicy


def desk_of(policy: Policy, source: Format) -> Desk:
    """Return how a help desk's records are read: a tier's group is that of its owner."""
    names: DeskPolicy = getattr(policy.helpdesk, source)
    groups: dict[str, int] = {}
    for number, tier in policy.tiers.items():
        groups[tier.owner] = number
        if (group := names.groups.get(tier.owner)) is not None:
            groups[str(group)] = number
    return Desk(groups, names.customer_tiers, names.fields)

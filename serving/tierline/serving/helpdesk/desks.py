"""The company's own names of groups and customers, out of the policy."""

from tierline.data.helpdesk import Desk, Format
from tierline.serving.policy import Policy
from tierline.serving.policy.helpdesk import DeskPolicy


def desk_of(policy: Policy, source: Format) -> Desk:
    """Return how a help desk's records are read: its groups are the policy's teams."""
    names: DeskPolicy = getattr(policy.helpdesk, source)
    teams = {name: name for name in policy.teams}
    teams |= {str(group): name for name, group in names.groups.items() if name in policy.teams}
    groups = {group: policy.teams[name].tier for group, name in teams.items()}
    return Desk(groups, names.customer_tiers, names.fields, teams)

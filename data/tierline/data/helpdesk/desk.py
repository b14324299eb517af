"""What one company's help desk means by its groups and tags."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tierline.data.ticket import CustomerTier

#: Tickets with this tag were placed by a person; Tierline advises and never moves them.
LOCK_TAG: Final = "tierline_locked"
#: Tickets with the tag ``tier_3`` are at tier 3: what Tierline's own answers set.
TIER_TAG: Final = "tier_"
_TIER: Final = re.compile(r"(?:\btier|\blevel|\bline|\bl|\bt)[ _-]?([1-4])\b", re.IGNORECASE)


@dataclass(frozen=True)
class Desk:
    """The company's own names: all looked up whatever their case.

    ``groups`` gives the tier (1 to 4) of a group by its name or number, ``customers`` the
    customer tier by a tag, an organisation's name or a field's value. ``fields`` says which of
    the help desk's fields hold more of a ticket, as ``--map`` does. ``teams`` gives the policy's
    team of a group.
    """

    groups: Mapping[str, int] = field(default_factory=dict)
    customers: Mapping[str, CustomerTier] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)

    def tier_of(self, groups: Iterable[object], tags: Iterable[str]) -> int | None:
        """Return the tier where a ticket is: by its group, "Tier 2" in its name, or our tag."""
        names = [str(group) for group in groups if group]
        known = {name.casefold(): tier for name, tier in self.groups.items()}
        found = [known[name.casefold()] for name in names if name.casefold() in known]
        found += [int(match[1]) for name in names if (match := _TIER.search(name))]
        # A tag of an earlier answer may still stand beside the latest: the higher one holds.
        ours = {f"{TIER_TAG}{tier}": tier for tier in (1, 2, 3, 4)}
        tagged = [ours[tag.casefold()] for tag in tags if tag.casefold() in ours]
        return found[0] if found else max(tagged, default=None)

    def team_of(self, groups: Iterable[object]) -> str | None:
        """Return the team that has a ticket, None where its group is none of the policy's."""
        known = {name.casefold(): team for name, team in self.teams.items()}
        names = (str(group).casefold() for group in groups if group)
        return next((known[name] for name in names if name in known), None)

    def customer_tier(self, names: Iterable[object]) -> CustomerTier | None:
        """Return the highest customer tier that one of the names says, None when none does."""
        known = {tier.value: tier for tier in CustomerTier}
        known |= {name.casefold(): tier for name, tier in self.customers.items()}
        said = {known.get(str(name).strip().casefold()) for name in names}
        return next((tier for tier in CustomerTier if tier in said), None)

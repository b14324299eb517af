"""What the policy says to a log's names: severity, path, and time to resolve."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.clock.open_time import deadline
from tierline.serving.policy import TIERS, Policy
from tierline.serving.routing.entry import entry_path

#: ``P2``, ``2``, ``2 - High``: how help desks number four or more priorities, 1 the worst.
_NUMBERED: Final = re.compile(r"[Pp]?\s?([1-4])(?:\s*-.*)?")


class Promises:
    """The policy, asked by a log's own priority and type; None where it doesn't say."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.path = lru_cache(4096)(self._path)

    def severity(self, priority: str | None) -> Severity | None:
        """Return the severity that a priority means."""
        known = self.policy.severity_of(priority)
        if known is not None or priority is None:
            return known
        numbered = _NUMBERED.fullmatch(priority)
        return Severity(f"P{numbered[1]}") if numbered else None

    def _path(self, priority: str | None, issue_type: str | None) -> tuple[int, ...] | None:
        """Return the tiers on which the policy starts and lets climb a ticket of this kind."""
        return entry_path(self.severity(priority), issue_type, self.policy)

    @cached_property
    def resolve_within(self) -> Mapping[int, int]:
        """The seconds within which each tier is to resolve."""
        return {t: int(self.policy.tiers[t].resolve_within.total_seconds()) for t in TIERS}

    def resolve_by(self, start: int, team: str | None, tier: int) -> float:
        """Return by when a team of a tier is to resolve what came at ``start``, in its hours.

        Times are in seconds since 1970. A team that the policy doesn't know keeps its tier's hours.
        """
        calendar = self.policy.calendar_of(team or "", tier)
        filed = datetime.fromtimestamp(start, UTC)
        within = timedelta(seconds=self.resolve_within[tier])
        return deadline(self.policy.hours(calendar), filed, within).timestamp()

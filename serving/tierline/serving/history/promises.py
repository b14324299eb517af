"""What the policy says to a log's names: severity, path, and time to resolve."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.clock.deadlines import deadlines
from tierline.serving.clock.filed import Filed
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

    def resolve_by(self, start: int, team: str | None, tier: int, priority: str | None) -> float:
        """Return by when the policy has a ticket of a tier resolved that came at ``start``.

        Times are in seconds since 1970. In a team's open hours (those of the tier for a team that
        the policy doesn't know), P1 around the clock; never before it is to be answered.
        """
        calendar = self.policy.calendar_of(team or "", tier)
        filed = Filed(datetime.fromtimestamp(start, UTC), known=True)
        severity = self.severity(priority)
        due = deadlines(self.policy, tier, calendar, severity, filed, safe=False)
        return due.resolve_by.timestamp()

"""What a hand-off must hold, and what the next team tries first."""

from typing import Final, Literal

from pydantic import Field

from tierline.data.labels import Severity
from tierline.serving.policy.rules import Phrase, Strict, Tier

#: What can be required of a packet.
Need = Literal[
    "reported", "tried", "reproduction", "contact", "customer_tier", "severity", "issue_type"
]
#: The list of first steps for an issue type that has none of its own.
OTHER: Final = "other"


class HandOffPolicy(Strict):
    """What a packet must hold before it is complete.

    ``required``: by the tier that gets the ticket. ``urgent`` takes its place for P1, data loss
    and breaches, where nobody should wait for a form. ``only_for``: what is asked for some issue
    types only. ``try_next``: first steps by issue type, ``other`` for the rest.
    """

    required: dict[Tier, tuple[Need, ...]] = Field(default_factory=dict)
    urgent: tuple[Need, ...] = ()
    only_for: dict[Need, tuple[str, ...]] = Field(default_factory=dict)
    try_next: dict[str, tuple[Phrase, ...]] = Field(default_factory=dict)

    def needs(
        self, tier: int, severity: Severity | None, issue_type: str | None, *, incident: bool
    ) -> tuple[Need, ...]:
        """Return what is required of a packet, in the policy's order."""
        urgent = incident or severity is Severity.P1
        asked = self.urgent if urgent else self.required.get(tier, ())
        return tuple(need for need in asked if self._asked_for(need, issue_type))

    def first_steps(self, issue_type: str | None) -> tuple[str, ...]:
        """Return what to try next for an issue type."""
        return self.try_next.get(issue_type or OTHER, self.try_next.get(OTHER, ()))

    def _asked_for(self, need: Need, issue_type: str | None) -> bool:
        types = self.only_for.get(need)
        return types is None or issue_type is None or issue_type in types

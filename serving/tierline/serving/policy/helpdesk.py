"""The policy's part for help desks: what things are called there."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tierline.data.labels import Severity
from tierline.data.ticket import CustomerTier, Ticket
from tierline.serving.policy.rules import Strict

#: A severity isn't read as a person's word: hooks set the priority themselves.
_READABLE = tuple(name for name in Ticket.model_fields if name not in {"id", "stated_severity"})


class DeskPolicy(Strict):
    """What one help desk calls things.

    ``groups`` gives an owner's group there by name or number, ``customer_tiers`` the customer
    tier by a tag, an organisation or a field's value, ``fields`` the path of more of a ticket's
    fields, as ``--map`` does.
    """

    groups: dict[str, int | str]
    customer_tiers: dict[str, CustomerTier]
    fields: dict[str, str]

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        if unknown := [name for name in self.fields if name not in _READABLE]:
            raise ValueError(f"fields: expected some of {', '.join(_READABLE)}; found {unknown}")
        return self


class _HookPolicy(DeskPolicy):
    """A help desk that hooks answer: its priority for each severity."""

    @model_validator(mode="after")
    def _every_severity(self) -> Self:
        found: dict[Severity, object] = getattr(self, "priorities", {})
        if missing := [s.value for s in Severity if s not in found]:
            raise ValueError(f"priorities: expected every severity; missing {missing}")
        return self


class ZendeskPolicy(_HookPolicy):
    """Zendesk."""

    priorities: dict[Severity, Literal["urgent", "high", "normal", "low"]]


class JiraPolicy(_HookPolicy):
    """Jira; ``owner_field`` is the custom field that names the owner, empty for none."""

    priorities: dict[Severity, str]
    owner_field: str


class FreshdeskPolicy(_HookPolicy):
    """Freshdesk, whose priorities are 1 (low) to 4 (urgent)."""

    priorities: dict[Severity, Annotated[int, Field(ge=1, le=4)]]


class HelpdeskPolicy(Strict):
    """All help desks that Tierline reads or answers."""

    zendesk: ZendeskPolicy
    jira: JiraPolicy
    freshdesk: FreshdeskPolicy
    intercom: DeskPolicy

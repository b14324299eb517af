"""The policy's flat rules: conditions, where a ticket enters, and what raises it."""

from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tierline.data.labels import Severity
from tierline.data.normalise import normalise
from tierline.data.ticket import CustomerTier
from tierline.serving.policy.durations import Duration

Tier = Annotated[int, Field(ge=1, le=4)]
TIERS: Final = (1, 2, 3, 4)
#: Ids under these are the code's own, so that callers can rely on what they mean.
RESERVED: Final = (
    "safety.", "caution.", "lock.", "advice.", "labels.", "clock.", "team.", "assessment.",
)  # fmt: skip


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _with_words(phrase: str) -> str:
    if not normalise(phrase).strip():
        raise ValueError("expected words that a ticket may have; found only markup or marks")
    return phrase


Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
#: A phrase that is looked for in a ticket's words, in whatever case, form and spacing.
Searched = Annotated[Phrase, AfterValidator(_with_words)]


class Strict(BaseModel):
    """A part of the policy: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(Strict):
    """Every key that is given must hold; an empty condition always holds.

    ``phrases`` are searched in the ticket's words, whatever their case; nor does a channel's count.
    """

    severity: tuple[Severity, ...] | None = None
    issue_type: tuple[str, ...] | None = None
    sentiment: tuple[str, ...] | None = None
    channel: tuple[Annotated[str, AfterValidator(str.casefold)], ...] | None = None
    customer_tier: tuple[CustomerTier, ...] | None = None
    waited_over: Duration | None = None
    attempts_over: int | None = Field(default=None, ge=0)
    order_value_over: float | None = Field(default=None, ge=0)
    sites_over: int | None = Field(default=None, ge=0)
    phrases: tuple[Searched, ...] | None = Field(default=None, min_length=1)

    @cached_property
    def facts(self) -> tuple[tuple[str, Any], ...]:
        """The keys that are given and what they ask for, without ``phrases``.

        Kept, as long backlogs ask for them most.
        """
        given = ((key, getattr(self, key)) for key in type(self).model_fields if key != "phrases")
        return tuple((key, wanted) for key, wanted in given if wanted is not None)


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_as_list)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]


class EntryRule(Strict):
    """Where a ticket enters: ``path`` lists tiers, rising; empty means the standard path."""

    id: RuleId
    text: str
    when: Conditions = (Condition(),)
    path: tuple[Tier, ...]

    @model_validator(mode="after")
    def _rising(self) -> "EntryRule":
        if list(self.path) != sorted(set(self.path)):
            raise ValueError("expected tiers that rise, such as [2, 3]")
        return self


class Trigger(Strict):
    """What raises a ticket: at least to a tier, by so many tiers; and whom to tell."""

    id: RuleId
    text: str
    when: Conditions
    raise_to: Tier | None = None
    raise_by: int = Field(default=0, ge=0, le=3)
    notify: tuple[str, ...] = ()
    lane: str | None = None

"""What a hand-off packet holds, and what a person adds to it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tierline.data.ticket import utc_when_naive
from tierline.serving.routing.recommendation import Reason

_FROZEN: Final = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
_Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
_Instant = Annotated[datetime, BeforeValidator(utc_when_naive)]


#: The longest name of who did a step.
BY_CHARS: Final = 100


class Step(StrEnum):
    """The four steps of a hand-off, in order."""

    DOCUMENT = "document"
    NOTIFY = "notify"
    WARM_TRANSFER = "warm_transfer"
    FOLLOW_UP = "follow_up"


class Done(BaseModel):
    """A step that was done: by whom (a name or an id), and when; None: now."""

    model_config = _FROZEN

    step: Step
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BY_CHARS)]
    at: _Instant | None = None


class Notes(BaseModel):
    """What a person adds to a ticket before it is handed on.

    ``tried``: steps tried and what came of them. ``reproduction``: how to make it happen again.
    ``contact``: how and when the customer is reached. ``severity``: stated by that person, in
    place of the model's. ``complete`` claims that nothing that is required is missing: refused
    where something is.
    """

    model_config = _FROZEN

    tried: tuple[_Note, ...] = Field(default=(), max_length=50)
    reproduction: _Note | None = None
    contact: _Note | None = None
    severity: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    open_questions: tuple[_Note, ...] = Field(default=(), max_length=50)
    done: tuple[Done, ...] = Field(default=(), max_length=len(Step))
    complete: bool = False

    @model_validator(mode="after")
    def _no_step_twice(self) -> "Notes":
        if len({done.step for done in self.done}) < len(self.done):
            raise ValueError("done: expected each step once")
        return self


class Missing(BaseModel):
    """Something that the policy requires and the packet lacks, with the question to ask."""

    model_config = _FROZEN

    what: str
    question: str


class CheckItem(BaseModel):
    """One step of the checklist; ``by`` and ``at`` are None until it is done."""

    model_config = _FROZEN

    step: Step
    text: str
    by: str | None = None
    at: datetime | None = None


class CustomerState(BaseModel):
    """How things stand for the customer; None for what isn't known."""

    model_config = _FROZEN

    customer: str | None
    tier: str | None
    sentiment: str | None
    waited_minutes: int | None
    channel: str | None
    language: str | None
    contact: str | None


class Packet(BaseModel):
    """What the next team gets. Words of customers and agents are redacted.

    ``authority``: what the team may decide by itself. ``why``: the reasons for the tier, with
    their evidence. ``severity_by`` is who says the severity. ``complete`` is true where
    ``missing`` is empty, and never otherwise.
    """

    model_config = _FROZEN

    id: str | None
    made_at: datetime
    reported: str
    attempts: int | None
    tried: tuple[str, ...]
    reproduction: str | None
    customer: CustomerState
    severity: str | None
    severity_by: Literal["model", "person"] | None
    issue_type: str | None
    product: str | None
    lane: str
    from_tier: int | None
    from_team: str | None
    tier: int
    team: str
    authority: tuple[str, ...]
    respond_by: datetime
    resolve_by: datetime
    why: tuple[Reason, ...]
    try_next: tuple[str, ...]
    notify: tuple[str, ...]
    open_questions: tuple[str, ...]
    checklist: tuple[CheckItem, ...]
    missing: tuple[Missing, ...]
    complete: bool
    model_version: str | None
    policy_version: str

    @model_validator(mode="after")
    def _says_what_is_missing(self) -> "Packet":
        if self.complete != (not self.missing):
            raise ValueError("complete: a packet that lacks something isn't complete")
        return self

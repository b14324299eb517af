"""What comes in about a ticket after it was routed: corrections, outcomes, locks, exclusions."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from tierline.data.feedback import Origin
from tierline.data.labels import HEADS
from tierline.data.redact import redact
from tierline.data.ticket import MAX_BODY_CHARS, MAX_SUBJECT_CHARS, utc_when_naive
from tierline.serving.handoff.packet import Done

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
#: The longest team that a ticket names (`Ticket`).
TEAM_CHARS = 200
_CORRECTION: Final[JsonDict] = {"ticket": "T-1042", "severity": "P2", "origin": "human"}


def _in_use(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("expected a time between 1970 and 9999")
    return value


def _impersonal(label: str) -> str:
    if redact(label) != label:
        raise ValueError("expected a label; found what reads like personal data")
    return label


Moment = Annotated[datetime, BeforeValidator(utc_when_naive), AfterValidator(_in_use)]
TicketId = Annotated[str, Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_impersonal)]
Team = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w .&-]+$")]
TeamName = Annotated[str, Field(min_length=1, max_length=TEAM_CHARS)]
Tier = Annotated[int, Field(ge=1, le=4)]


class Form(BaseModel):
    """What a person or a help desk sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CorrectionForm(Form):
    """The right labels of a ticket, named by ``decision``, by ``ticket`` or by its own words.

    ``origin`` is ``human`` for somebody who saw the answer, ``blind_sample`` for somebody who
    didn't, ``import`` for another system. What the model said is taken from the decision.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_CORRECTION]})

    decision: str | None = Field(default=None, max_length=36)
    ticket: TicketId | None = None
    customer: TicketId | None = None
    subject: str = Field(default="", max_length=MAX_SUBJECT_CHARS, repr=False)
    body: str = Field(default="", max_length=MAX_BODY_CHARS, repr=False)
    severity: Label | None = None
    issue_type: Label | None = None
    sentiment: Label | None = None
    origin: Origin = Origin.HUMAN
    corrected_at: Moment | None = None

    @property
    def labels(self) -> dict[str, str]:
        """The labels that are given, by head."""
        return {head: label for head in HEADS if (label := getattr(self, head)) is not None}

    @model_validator(mode="after")
    def _says_something(self) -> "CorrectionForm":
        if not self.labels:
            raise ValueError("expected a label")
        if not (self.decision or self.ticket or self.subject.strip() or self.body.strip()):
            raise ValueError("expected the ticket")
        return self


class OutcomeForm(Form):
    """What became of a ticket; fields that are left out stay as they are known.

    ``csat`` is the customer's satisfaction, 1 to 5.
    """

    ticket: TicketId
    resolved_at: Moment | None = None
    resolved_tier: Tier | None = None
    reopened: bool | None = None
    csat: Annotated[int, Field(ge=1, le=5)] | None = None


class LockForm(Form):
    """Where a person placed a ticket: at a tier, with a team, or both (None: the team's tier)."""

    tier: Tier | None = None
    team: TeamName | None = None

    @model_validator(mode="after")
    def _names_a_place(self) -> "LockForm":
        if self.tier is None and self.team is None:
            raise ValueError("expected tier, team, or both")
        return self


class Lock(Form):
    """A stored lock: Tierline advises on this ticket and never moves it.

    ``team`` is None where the person named only a tier: then Tierline says which of its teams.
    """

    tier: int
    team: str | None = None
    locked_at: datetime


class Checklist(Form):
    """A ticket's last hand-off: to which tier and team, and which of its steps are done.

    ``missing`` is what its packet lacked by the policy.
    """

    tier: int
    team: str
    made_at: datetime
    missing: tuple[str, ...]
    done: tuple[Done, ...]


class Removed(Form):
    """Whether there was anything to remove."""

    removed: bool


class Exclusion(Form):
    """A standing order: never route tickets from one team to another."""

    from_team: Team
    to_team: Team

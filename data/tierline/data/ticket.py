"""What a ticket is: its words, and what was known about it when it was filed."""

import json
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_SUBJECT_CHARS: Final = 2_000
MAX_BODY_CHARS: Final = 200_000


class CustomerTier(StrEnum):
    """What kind of customer wrote."""

    ENTERPRISE = "enterprise"
    SMB = "smb"
    CONSUMER = "consumer"


def _plain_word(value: object) -> object:
    """Read ``Enterprise`` and ``enterprise `` as what they say."""
    return value.strip().casefold() if isinstance(value, str) else value


def utc_when_naive(value: object) -> object:
    """Read ISO 8601; a time without a zone is taken as UTC, as most exports mean it.

    Some (BigQuery's) write `` UTC`` behind the time.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _object_when_text(value: object) -> object:
    """Read an object from its JSON: cells of CSV files hold nothing else."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


Level = Annotated[int, Field(ge=0, le=3)]


class HandAssessment(BaseModel):
    """What an agent judged by hand, 0 (none) to 3 (grave); None leaves it to Tierline."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    customer_impact: Level | None = None
    technical_complexity: Level | None = None
    business_risk: Level | None = None
    time_sensitivity: Level | None = None


#: The four questions of the escalation guideline.
DIMENSIONS: Final = tuple(HandAssessment.model_fields)


class Ticket(BaseModel):
    """One support ticket. Only the words are needed; every other field sharpens the answer.

    ``waited_minutes`` is the customer's wait so far; without it, the wait is counted from
    ``created_at``. ``attempts`` counts the contacts about the same matter so far.
    ``order_value`` is in the policy's currency. ``current_tier`` and ``team`` are where the
    ticket is now, and ``locked_by_human`` says that a person put it there. ``customer`` is an
    id: exclusions may name it, and all that a store holds of it can be found and erased.
    ``language`` is a code such as ``de`` or ``pt-BR``, ``status`` the help desk's own word.
    ``sites_affected`` is how many sites an agent found to be hit. ``earlier_severity`` and
    ``earlier_sentiment`` are an earlier answer's labels; ``assessment`` is an agent's own, and
    ``stated_severity`` what a person says in place of the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str | None = Field(default=None, max_length=200)
    # Words stay out of what Python prints of a ticket: tracebacks and careless logs.
    subject: str = Field(default="", max_length=MAX_SUBJECT_CHARS, repr=False)
    body: str = Field(default="", max_length=MAX_BODY_CHARS, repr=False)
    channel: str | None = Field(default=None, max_length=64)
    customer_tier: Annotated[CustomerTier | None, BeforeValidator(_plain_word)] = None
    created_at: Annotated[datetime | None, BeforeValidator(utc_when_naive)] = None
    waited_minutes: float | None = Field(default=None, ge=0, le=5_256_000, allow_inf_nan=False)
    attempts: int | None = Field(default=None, ge=0, le=1_000_000)
    order_value: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    current_tier: int | None = Field(default=None, ge=1, le=4)
    locked_by_human: bool = False
    customer: str | None = Field(default=None, max_length=200, repr=False)
    product: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=64)
    team: str | None = Field(default=None, max_length=200)
    status: str | None = Field(default=None, max_length=64)
    sites_affected: int | None = Field(default=None, ge=0, le=1_000_000)
    earlier_severity: str | None = Field(default=None, max_length=200)
    earlier_sentiment: str | None = Field(default=None, max_length=200)
    stated_severity: str | None = Field(default=None, min_length=1, max_length=200)
    assessment: Annotated[HandAssessment | None, BeforeValidator(_object_when_text)] = None

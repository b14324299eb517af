"""What a ticket is: its words, and what was known about it when it was filed."""

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


def utc_when_naive(value: object) -> object:
    """Read ISO 8601; a time without a zone is taken as UTC, as most exports mean it."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


class Ticket(BaseModel):
    """One support ticket. Only the words are needed; every other field sharpens the answer.

    ``waited_minutes`` is the customer's wait so far; without it, the wait is counted from
    ``created_at``. ``attempts`` counts the contacts about the same matter so far.
    ``order_value`` is in the policy's currency. ``current_tier`` is where the ticket is now,
    and ``locked_by_human`` says that a person put it there. ``customer_id`` decides nothing: it
    is there so that all that a store holds of a customer can be found and erased.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str | None = Field(default=None, max_length=200)
    # Words stay out of what Python prints of a ticket: tracebacks and careless logs.
    subject: str = Field(default="", max_length=MAX_SUBJECT_CHARS, repr=False)
    body: str = Field(default="", max_length=MAX_BODY_CHARS, repr=False)
    channel: str | None = Field(default=None, max_length=64)
    customer_tier: CustomerTier | None = None
    created_at: Annotated[datetime | None, BeforeValidator(utc_when_naive)] = None
    waited_minutes: float | None = Field(default=None, ge=0, le=5_256_000, allow_inf_nan=False)
    attempts: int | None = Field(default=None, ge=0, le=1_000_000)
    order_value: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    current_tier: int | None = Field(default=None, ge=1, le=4)
    locked_by_human: bool = False
    customer_id: str | None = Field(default=None, max_length=200, repr=False)

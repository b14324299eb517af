"""What a message to a customer is."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from tierline.serving.policy import Policy


class Kind(StrEnum):
    """What a message is for."""

    ACKNOWLEDGEMENT = "acknowledgement"
    TIMELINE = "timeline"
    PROGRESS = "progress"
    RESOLUTION = "resolution"


class Form(StrEnum):
    """How much room there is, and who reads along."""

    LONG = "long"
    SHORT = "short"
    PUBLIC = "public"


_FROZEN: Final = ConfigDict(frozen=True, hide_input_in_errors=True)


class StatedTime(BaseModel):
    """A time that a message states: the instant, or for ``update_every`` the minutes."""

    model_config = _FROZEN

    what: Literal["respond_by", "resolve_by", "update_by", "update_every"]
    at: datetime | None = None
    minutes: int | None = None
    text: str


class Message(BaseModel):
    """One message. ``subject`` and ``html`` are for mail only; ``promises`` is all it states."""

    model_config = _FROZEN

    kind: Kind
    form: Form
    language: str
    time_zone: str
    subject: str | None
    text: str
    html: str | None
    promises: tuple[StatedTime, ...]


def form_for(channel: str | None, policy: Policy) -> Form:
    """Return how a message is written for a channel; a channel that isn't named is as a mail."""
    name = (channel or "").strip().casefold()
    if name in {c.casefold() for c in policy.messages.public_channels}:
        return Form.PUBLIC
    short = name in {c.casefold() for c in policy.messages.short_channels}
    return Form.SHORT if short else Form.LONG

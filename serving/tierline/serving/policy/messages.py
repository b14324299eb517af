"""What customers are told: how often they hear from us, in which language and time zone."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field, field_validator

from tierline.data.labels import Severity
from tierline.serving.policy.durations import Duration
from tierline.serving.policy.places import known_zone
from tierline.serving.policy.rules import Phrase, Strict

_HOURS: Final = {Severity.P1: 1, Severity.P2: 4, Severity.P3: 24, Severity.P4: 48}


TimeZone = Annotated[str, AfterValidator(known_zone)]


class MessagePolicy(Strict):
    """What holds for every message to a customer.

    ``language`` counts where the ticket or the caller names none, and so does ``time_zone``
    (None: the zone of the calendar that the team works by). In ``public_channels`` others read
    along: no details there. ``short_channels`` have room for a few sentences only.
    ``update_every``: a customer hears from us at least so often until the matter is resolved.
    ``state_resolution``: whether the time by which a tier resolves is told.
    """

    language: Phrase = "en"
    time_zone: TimeZone | None = None
    signature: str = Field(default="", max_length=100)
    public_channels: tuple[Phrase, ...] = ()
    short_channels: tuple[Phrase, ...] = ()
    state_resolution: bool = True
    update_every: dict[Severity, Duration] = Field(
        default={severity: timedelta(hours=hours) for severity, hours in _HOURS.items()}
    )

    @field_validator("update_every")
    @classmethod
    def _complete(cls, value: dict[Severity, timedelta]) -> dict[Severity, timedelta]:
        if missing := [str(s) for s in Severity if s not in value]:
            raise ValueError(f"expected every severity; missing {missing}")
        if none := [str(s) for s, every in value.items() if every <= timedelta(0)]:
            raise ValueError(f"expected at least a minute; found none for {none}")
        return value

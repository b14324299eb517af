"""Durations as the policy writes them: ``15m``, ``2h``, ``3d``."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

#: A policy is also kept as `duration_text` writes it: days as hours, hours that aren't whole as
#: minutes.
_DURATION: Final = re.compile(r"([0-9]{1,5}(?=\s*d)|[0-9]{1,7}(?=\s*[mh]))\s*([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "15m", "2h" or "3d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_text(value: timedelta) -> str:
    """Return a duration as the policy writes it: ``15m``, ``2h``, ``90m``."""
    minutes = int(value.total_seconds() // 60)
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def span_text(value: timedelta) -> str:
    """Return a time that has passed, to the minute: ``2 h 05 min``."""
    minutes = int(value.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text)]

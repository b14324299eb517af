"""Hours of a day and days of a year as the policy writes them."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_TIME: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_RANGE: Final = re.compile(rf"\s*{_TIME}\s*-\s*(?:{_TIME}|24:00)\s*")
_YEARLY: Final = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP_YEAR: Final = 2024

Minutes = tuple[int, int]


def _minutes(value: object) -> object:
    """Read ``09:00-17:30`` as minutes since midnight."""
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected hours such as "09:00-17:30"; the day ends at "24:00"')
    opens, closes = int(match[1]) * 60 + int(match[2]), 24 * 60
    if match[3] is not None:
        closes = int(match[3]) * 60 + int(match[4])
    if opens >= closes:
        raise ValueError(
            f"expected an end after the start; found {value!r}. Hours over midnight are two "
            'ranges: one to "24:00", one from "00:00" on the next day'
        )
    return opens, closes


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def hours_text(hours: Minutes) -> str:
    """Return hours as the policy writes them: ``09:00-17:30``."""
    return "-".join(map(_clock_text, hours))


def _apart(ranges: tuple[Minutes, ...]) -> tuple[Minutes, ...]:
    ordered = sorted(ranges)
    for one, other in pairwise(ordered):
        if other[0] < one[1]:
            both = f"{hours_text(one)} and {hours_text(other)}"
            raise ValueError(f"expected hours that don't overlap; found {both}")
    return tuple(ordered)


def _day(value: object) -> object:
    """Read a date, or a month and day that come every year; return it as text."""
    text = value.isoformat() if type(value) is date else value
    if isinstance(text, str):
        full = f"{_LEAP_YEAR}-{text}" if _YEARLY.fullmatch(text) else text
        try:
            return text if date.fromisoformat(full).isoformat() == full else None
        except ValueError:
            pass
    raise ValueError('expected a date such as "2025-12-24", or "12-24" for every year')


Hours = Annotated[Minutes, BeforeValidator(_minutes), PlainSerializer(hours_text)]
DayHours = Annotated[tuple[Hours, ...], AfterValidator(_apart)]
Day = Annotated[str, BeforeValidator(_day)]

"""Calendars for tests, and the plain question that all else must agree with."""

from datetime import date, datetime, timedelta
from typing import Any

from tierline.serving.policy.calendars import DAYS, Calendar

TICK = timedelta.resolution
WEEK = {day: ["09:00-17:00"] for day in DAYS[:5]}


def calendar(**keys: Any) -> Calendar:
    return Calendar.model_validate(keys)


BERLIN = calendar(time_zone="Europe/Berlin", hours=WEEK, holidays="DE-BE", closed=["12-24"])
OFFICE = (BERLIN,)


def shows_open(calendars: tuple[Calendar, ...], instant: datetime) -> bool:
    """Whether the clock on the wall shows one of the hours: no index, no search."""
    return any(_shows(c, instant.astimezone(c.zone)) for c in calendars)


def _shows(calendar: Calendar, local: datetime) -> bool:
    minutes = local.hour * 60 + local.minute
    day = date(local.year, local.month, local.day)
    return any(opens <= minutes < closes for opens, closes in calendar.hours_on(day))

"""Open time: deadlines and waits counted in the hours in which someone is there.

Every function takes the calendars that serve together, as `Policy.hours` gives them: it is open
when one of them is. Instants carry a time zone, results are in UTC, and what lies beyond the
dates that exist is the first or last instant of all. A local hour that daylight saving skips is
never open; one that comes twice is open twice.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from typing import Final

from tierline.serving.clock.open_year import LAST, OpenYear, open_year
from tierline.serving.policy.calendars import Calendar

Calendars = tuple[Calendar, ...]

#: So many years are searched for an opening or a deadline, and counted of a stretch.
MAX_YEARS: Final = 100
NEVER: Final = datetime.max.replace(tzinfo=UTC)
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def in_utc(instant: datetime) -> datetime:
    """Return the instant in UTC; the first or last of all where UTC has no such date."""
    if instant.tzinfo is UTC:
        return instant
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return BEGINNING if instant.year == 1 else NEVER


def shifted(start: datetime, by: timedelta) -> datetime:
    """Return ``start + by`` in UTC; the first or last instant of all where dates end."""
    try:
        return in_utc(start + by)
    except OverflowError:
        return BEGINNING if by < timedelta(0) else NEVER


def always_open(calendars: Calendars) -> bool:
    """Return whether there is no closed hour at all."""
    return any(calendar.always for calendar in calendars)


def is_open(calendars: Calendars, instant: datetime) -> bool:
    """Return whether someone is there at an instant; at the minute of closing nobody is."""
    if always_open(calendars):
        return True
    instant = in_utc(instant)
    year = open_year(calendars, instant.year)
    i = bisect_right(year.starts, instant) - 1
    return i >= 0 and instant < year.ends[i]


def next_change(calendars: Calendars, instant: datetime) -> datetime | None:
    """Return when it next opens (if it is closed) or closes, None if not in `MAX_YEARS`."""
    if always_open(calendars):
        return None
    instant = in_utc(instant)
    if not is_open(calendars, instant):
        return _next_start(calendars, instant)
    for number in _years_from(instant.year):
        year = open_year(calendars, number)
        i = bisect_right(year.starts, instant) - 1
        if i < 0 or year.ends[i] <= instant:
            return instant
        instant = year.ends[i]
        if instant.year == number:
            return instant
        # Spans are cut where the year ends: the next one may go on.
    return None


def _next_start(calendars: Calendars, instant: datetime) -> datetime | None:
    for number in _years_from(instant.year):
        year = open_year(calendars, number)
        i = bisect_right(year.starts, instant)
        if i < len(year.starts):
            return year.starts[i]
    return None


def next_opening(calendars: Calendars, instant: datetime) -> datetime | None:
    """Return the first instant from here on at which it is open, None if not in `MAX_YEARS`."""
    return in_utc(instant) if is_open(calendars, instant) else next_change(calendars, instant)


def next_closing(calendars: Calendars, instant: datetime) -> datetime | None:
    """Return the first instant after this one at which it closes, None if not in `MAX_YEARS`."""
    opening = next_opening(calendars, instant)
    return None if opening is None else next_change(calendars, opening)


def deadline(calendars: Calendars, start: datetime, within: timedelta) -> datetime:
    """Return the first instant by which ``within`` of open time has passed since ``start``.

    The last instant of all when that doesn't come in `MAX_YEARS`.
    """
    if always_open(calendars):
        return shifted(start, within)
    start = in_utc(start)
    if within <= timedelta(0):
        return start
    for number in _years_from(start.year):
        year = open_year(calendars, number)
        gone = _open_before(year, start)
        if year.total - gone >= within:
            i = bisect_left(year.before, gone + within) - 1
            return year.starts[i] + (gone + within - year.before[i])
        within -= year.total - gone
    return NEVER


def open_between(calendars: Calendars, start: datetime, end: datetime) -> timedelta:
    """Return the open time from ``start`` to ``end``, 0 if that is no later.

    Of more than `MAX_YEARS` only the last are counted.
    """
    start, end = in_utc(start), in_utc(end)
    if end <= start:
        return timedelta(0)
    if always_open(calendars):
        return end - start
    total = timedelta(0)
    for number in range(max(start.year, end.year - MAX_YEARS), end.year + 1):
        year = open_year(calendars, number)
        total += _open_before(year, end) - _open_before(year, start)
    return total


def _open_before(year: OpenYear, instant: datetime) -> timedelta:
    """Return the open time of the year that lies before an instant."""
    i = bisect_right(year.starts, instant) - 1
    if i < 0:
        return timedelta(0)
    return year.before[i] + (min(instant, year.ends[i]) - year.starts[i])


def _years_from(year: int) -> range:
    return range(year, min(year + MAX_YEARS, LAST.year) + 1)

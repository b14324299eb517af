"""The opening spans of one year, in UTC, found once and kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import Final
from zoneinfo import ZoneInfo

from tierline.serving.policy.calendars import Calendar

#: Calendars count from here to there; a day at either end lacks, so that local dates exist.
FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class OpenYear:
    """Spans of a UTC year that don't touch, in order; ``before[i]``: open time before span i."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    before: tuple[timedelta, ...]
    total: timedelta


@lru_cache(maxsize=512)
def open_year(calendars: tuple[Calendar, ...], year: int) -> OpenYear:
    """Return when at least one of the calendars is open, clipped to one UTC year."""
    first = max(datetime(year, 1, 1, tzinfo=UTC), FIRST)
    last = datetime(year + 1, 1, 1, tzinfo=UTC) if year < LAST.year else LAST
    found = chain.from_iterable(_spans(calendar, first, last) for calendar in calendars)
    spans = list(_merged(sorted(found)))
    lengths = [end - start for start, end in spans]
    *before, total = accumulate(lengths, initial=timedelta(0))
    starts, ends = tuple(s for s, _ in spans), tuple(e for _, e in spans)
    return OpenYear(starts, ends, tuple(before), total)


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Yield the union of sorted spans."""
    if not spans:
        return
    start, end = spans[0]
    for next_start, next_end in spans[1:]:
        if next_start > end:
            yield start, end
            start, end = next_start, next_end
        end = max(end, next_end)
    yield start, end


def _spans(calendar: Calendar, first: datetime, last: datetime) -> Iterator[Span]:
    """Yield when the local clock shows one of the calendar's hours.

    That decides what daylight saving does: hours that the clock skips are lost, hours that it
    shows twice count twice.
    """
    if calendar.always:
        yield first, last
        return
    for start, end, offset in _even_stretches(calendar.zone, first, last):
        day = (start + offset).date()
        while (midnight := datetime.combine(day, time(), UTC) - offset) < end:
            for opens, closes in calendar.hours_on(day):
                span = (
                    max(start, midnight + timedelta(minutes=opens)),
                    min(end, midnight + timedelta(minutes=closes)),
                )
                if span[0] < span[1]:
                    yield span
            if day == LAST.date():
                break
            day += _DAY


def _even_stretches(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield stretches of UTC in which the zone's offset stays the same, with that offset."""
    start, offset = first, offset_at(zone, first)
    here = first
    while here < last:
        there = min(here + _DAY, last)
        if offset_at(zone, there) != offset:
            change = _change(zone, here, there)
            yield start, change, offset
            start, offset = change, offset_at(zone, change)
            here = change
        else:
            here = there
    if start < last:
        yield start, last, offset


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second at which the offset changes between two instants."""
    offset = offset_at(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if offset_at(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    """Return the zone's offset from UTC at an instant."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)

"""Spans of closed hours, one after the other, and as people read them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from tierline.serving.clock.open_time import Calendars, is_open, next_change
from tierline.serving.clock.shown import instant_text

Gap = tuple[datetime, datetime]


def open_without(
    promised: Calendars, there: Calendars, start: datetime, end: datetime
) -> Iterator[Gap]:
    """Yield when the one is open and the other isn't, in order."""
    here = start
    while here < end:
        turns = [next_change(promised, here), next_change(there, here) if there else None]
        turn = min((t for t in turns if t is not None), default=end)
        if is_open(promised, here) and not is_open(there, here):
            yield here, min(turn, end)
        here = turn


def closed_spans(calendars: Calendars, start: datetime, end: datetime) -> Iterator[Gap]:
    """Yield when it is closed between two instants, in order."""
    here: datetime | None = start
    while here is not None and here < end:
        turn = next_change(calendars, here)
        if not is_open(calendars, here):
            yield here, min(turn or end, end)
        here = turn


def first_and_longest(gaps: Sequence[Gap], zone: tzinfo) -> tuple[str, str]:
    """Return the first gap and the longest as text."""
    first, longest = (
        f"{instant_text(start, zone)} until {instant_text(end, zone)}"
        for start, end in (gaps[0], max(gaps, key=_length))
    )
    return first, longest


def _length(gap: Gap) -> timedelta:
    return gap[1] - gap[0]

"""Calendars as people read them."""

from collections.abc import Iterator

from tierline.serving.policy.calendars import DAYS, Calendar
from tierline.serving.policy.hours import Minutes, hours_text
from tierline.serving.policy.model import Policy, TierPolicy


def counted_in(policy: Policy, tier: TierPolicy) -> str:
    """Return in which hours a tier's times count; nothing to say of all hours."""
    return "" if policy.calendars[tier.calendar].always else f" ({tier.calendar} hours)"


def calendar_lines(policy: Policy) -> Iterator[str]:
    """Yield what each calendar says, and what it can't change."""
    for name, calendar in policy.calendars.items():
        yield f"  {name}: {'; '.join(_parts(calendar))}"
    yield "  P1, data loss and breaches run around the clock, whatever the calendar"


def _parts(calendar: Calendar) -> Iterator[str]:
    if calendar.always:
        yield "every hour"
    else:
        yield f"{', '.join(_week(calendar)) or 'no hours of its own'} ({calendar.time_zone})"
    off = [f"public holidays of {place}" for place in calendar.holidays] + list(calendar.closed)
    if off:
        yield f"{', '.join(off)}: {_ranges(calendar.holiday_hours) or 'closed'}"
    if calendar.cover:
        yield f"open too in the hours of {', '.join(calendar.cover)}"
    if calendar.on_call:
        yield f"{calendar.on_call} takes what can't wait when it is closed"


def _week(calendar: Calendar) -> Iterator[str]:
    for day, ranges in zip(DAYS, calendar.hours.days, strict=True):
        if ranges:
            yield f"{day} {_ranges(ranges)}"


def _ranges(ranges: tuple[Minutes, ...]) -> str:
    return " and ".join(map(hours_text, ranges))

"""Hours at which nobody serves what can't wait."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tierline.data.labels import Severity
from tierline.serving import safety
from tierline.serving.clock.open_time import Calendars, is_open, next_change
from tierline.serving.clock.shown import instant_text
from tierline.serving.policy import TIERS, Condition, Policy

_YEAR: Final = timedelta(days=366)

Gap = tuple[datetime, datetime]


def unserved_hours(policy: Policy, now: datetime) -> Iterator[str]:
    """Yield a sentence for the hours at which P1 or a safety hit finds nobody: per tier and team.

    A team counts where it has hours of its own. A sentence names the key and the first such
    hours from ``now`` on, and the longest of a year.
    """
    for number in sorted(_tiers_that_can_not_wait(policy)):
        keys = {f"tiers.{number}.calendar": policy.tiers[number].calendar}
        keys |= {
            f"teams.{name}.calendar": team.calendar
            for name, team in policy.teams.items()
            if team.tier == number and team.calendar is not None
        }
        for key, calendar in keys.items():
            yield from _unserved(key, number, calendar, policy, now)


def _unserved(key: str, number: int, calendar: str, policy: Policy, now: datetime) -> Iterator[str]:
    hours = policy.hours(calendar)
    gaps = [] if any(c.on_call for c in hours) else list(closed_spans(hours, now, now + _YEAR))
    if not gaps:
        return
    zone = policy.calendars[calendar].zone
    first, longest = (
        f"{instant_text(start, zone)} until {instant_text(end, zone)}"
        for start, end in (gaps[0], max(gaps, key=_length))
    )
    yield (
        f"{key}: nobody serves tier {number} ({policy.tiers[number].name}) from {first}, "
        f"though P1, data loss and breaches run around the clock; the longest of {len(gaps)} "
        f"such gaps in a year is {longest}. Give calendars.{calendar} on_call or a cover"
    )


def closed_spans(calendars: Calendars, start: datetime, end: datetime) -> Iterator[Gap]:
    """Yield when it is closed between two instants, in order."""
    here: datetime | None = start
    while here is not None and here < end:
        turn = next_change(calendars, here)
        if not is_open(calendars, here):
            yield here, min(turn or end, end)
        here = turn


def _length(gap: Gap) -> timedelta:
    return gap[1] - gap[0]


def _tiers_that_can_not_wait(policy: Policy) -> set[int]:
    """Return the tiers that a P1 ticket or a safety hit may be given to."""
    found = set(TIERS[safety.SAFETY_TIER - 1 :])
    for rule in policy.entry:
        whens = [c for c in rule.when if c.severity is None or Severity.P1 in c.severity]
        if whens:
            found |= set(rule.path or TIERS)
        if any(c.model_copy(update={"severity": None}) == Condition() for c in whens):
            break  # Every P1 ticket enters here or above.
    return found

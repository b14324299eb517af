"""Hours at which nobody serves a tier."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from tierline.data.labels import Severity
from tierline.serving import safety
from tierline.serving.clock.covering import (
    calendar_of,
    covers_of,
    hours_of,
    on_call_of,
    stand_ins,
)
from tierline.serving.clock.open_time import Calendars
from tierline.serving.clock.spans import Gap, closed_spans, first_and_longest, open_without
from tierline.serving.policy import TIERS, Condition, Policy
from tierline.serving.policy.calendars import Calendar
from tierline.serving.policy.queue import capacity_of

_YEAR: Final = timedelta(days=366)


def unserved_hours(policy: Policy, now: datetime) -> Iterator[str]:
    """Yield a sentence for the hours of promised service in which nobody is there, with its key.

    A tier promises the hours of its calendar, and where P1 or a safety hit can come, all hours.
    A team is served by itself and by whoever stands in for it. A sentence names the first such
    hours from ``now`` on, and the longest of a year.
    """
    for number in TIERS:
        yield from _promised(number, policy, now)
    for number in sorted(_tiers_that_can_not_wait(policy)):
        yield from _unserved(number, policy, now)


def closed_hours(policy: Policy, now: datetime) -> Iterator[str]:
    """Yield a sentence for the hours at which tiers are closed by their calendar: one for each.

    Nothing is promised then: times stand still. Hours at which the tier's owner works all the
    same, or whoever covers it, are left out.
    """
    alike: dict[tuple[str, Calendars], list[str]] = {}
    for number in TIERS:
        calendar = policy.tiers[number].calendar
        hours = tuple(dict.fromkeys((*policy.hours(calendar), *_serving(number, policy))))
        alike.setdefault((calendar, hours), []).append(str(number))
    for (calendar, hours), numbers in alike.items():
        gaps = list(closed_spans(hours, now, now + _YEAR))
        if gaps:
            tiers = f"tier{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
            first, longest = first_and_longest(gaps, policy.calendars[calendar].zone)
            yield (
                f"by calendars.{calendar} nobody serves {tiers} from {first}, and times stand "
                f"still; the longest of {len(gaps)} such spans in a year is {longest}"
            )


def _promised(number: int, policy: Policy, now: datetime) -> Iterator[str]:
    """Yield a sentence where a tier's calendar is open, and its owner and whoever covers aren't."""
    tier = policy.tiers[number]
    promised, there = policy.hours(tier.calendar), _serving(number, policy)
    if set(promised) <= set(there):
        return
    gaps = list(open_without(promised, there, now, now + _YEAR))
    if not gaps:
        return
    first, longest = first_and_longest(gaps, policy.calendars[calendar_of(policy, tier.owner)].zone)
    why = "is closed" if there else "has no capacity"
    yield (
        f"tiers.{number}.owner: {tier.owner} {why} and nobody covers it: nobody serves tier "
        f"{number} ({tier.name}) from {first}, though calendars.{tier.calendar} promises it; the "
        f"longest of {len(gaps)} such spans in a year is {longest}"
    )


def _serving(number: int, policy: Policy) -> Calendars:
    """Return the hours of a tier's owner and of those that cover it, one for the other."""
    owner = policy.tiers[number].owner
    own = () if capacity_of(policy.teams[owner]) == 0 else (owner,)
    return _together(policy, (*own, *covers_of(policy, owner, number, never=())))


def _together(policy: Policy, teams: Sequence[str]) -> Calendars:
    """Return the hours at which one of the teams is there."""
    return tuple(dict.fromkeys(chain.from_iterable(hours_of(policy, name) for name in teams)))


def _unserved(number: int, policy: Policy, now: datetime) -> Iterator[str]:
    """Yield a sentence for the teams of a tier that are closed at the same hours, nobody on call.

    Whoever stands in for them is closed then, too.
    """
    alike: dict[frozenset[Calendar], list[str]] = {}
    for team in _teams_of(number, policy):
        if on_call_of(policy, team) is None:
            there = (team, *stand_ins(policy, team, number, never=()))
            alike.setdefault(frozenset(_together(policy, there)), []).append(team)
    for hours, teams in alike.items():
        gaps = list(closed_spans(tuple(hours), now, now + _YEAR))
        if gaps:
            yield _unserved_text(number, teams, gaps, policy)


def _teams_of(number: int, policy: Policy) -> Iterable[str]:
    """Return a tier's owner and the teams that work there."""
    here = (name for name, team in policy.teams.items() if team.tier == number)
    return dict.fromkeys((policy.tiers[number].owner, *here))


def _unserved_text(number: int, teams: list[str], gaps: Sequence[Gap], policy: Policy) -> str:
    first_team = policy.teams[teams[0]]
    calendar = calendar_of(policy, teams[0])
    whose = f"teams.{teams[0]}" if first_team.calendar else f"tiers.{first_team.tier}"
    who = f"tier {number} ({policy.tiers[number].name})"
    if not set(teams) >= set(_teams_of(number, policy)):
        who = f"{' and '.join(teams)} of {who}"
    first, longest = first_and_longest(gaps, policy.calendars[calendar].zone)
    return (
        f"{whose}.calendar: nobody serves {who} from {first}, "
        f"though P1, data loss and breaches run around the clock; the longest of {len(gaps)} "
        f"such gaps in a year is {longest}. Give calendars.{calendar} on_call or a cover, or "
        f"teams.{teams[0]} a cover"
    )


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

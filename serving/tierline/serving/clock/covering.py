"""Who serves a team's tickets: the team, who stands in while it is closed, who is on call."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tierline.serving.clock.open_time import Calendars, is_open, next_change
from tierline.serving.policy import Policy
from tierline.serving.policy.queue import capacity_of


@dataclass(frozen=True)
class Serving:
    """Who serves a ticket that can't wait for anyone's hours, at an instant.

    ``team`` is there: the ticket's own or one that stands in; None where none is. Then it is
    ``on_call``, None where nobody is. ``opens``: when its own team does, None where it is open or
    no opening is in sight. ``until``: when the first of these next changes, None if not in sight.
    """

    team: str | None
    on_call: str | None
    opens: datetime | None
    until: datetime | None


def serving(policy: Policy, team: str, others: Sequence[str], now: datetime) -> Serving:
    """Return who serves what a team has; ``others`` stand in for it, in this order."""
    there: str | None = None
    turns: list[datetime | None] = []
    for name in (team, *others):
        hours = hours_of(policy, name)
        turns.append(next_change(hours, now))
        if is_open(hours, now):
            # Who comes after it changes nothing, and who comes before it is closed.
            there = name
            break
    return Serving(
        team=there,
        on_call=on_call_of(policy, team) if there is None else None,
        opens=None if there == team else turns[0],
        until=min((turn for turn in turns if turn is not None), default=None),
    )


def stand_ins(policy: Policy, team: str, tier: int, never: Container[str]) -> tuple[str, ...]:
    """Return the teams that take what can't wait while a team is closed, the first first.

    Its covers; then its pools, unless the policy names someone on call, who comes before them.
    ``tier`` is the ticket's, ``never`` the teams that an exclusion keeps it from.
    """
    pools = pools_of(policy, team) if on_call_of(policy, team) is None else ()
    found = [*covers_of(policy, team, tier, never)]
    found += [pool for pool in pools if may_take(policy, pool, tier, never)]
    return tuple(dict.fromkeys(found))


def covers_of(policy: Policy, team: str, tier: int, never: Container[str]) -> Iterator[str]:
    """Yield the teams that cover a team and may take its tickets, going from cover to cover.

    The owner of its tier covers a team that names none.
    """
    seen = {team}
    while (team := _cover(policy, team)) not in seen:
        seen.add(team)
        if may_take(policy, team, tier, never):
            yield team


def _cover(policy: Policy, team: str) -> str:
    own = policy.teams[team]
    return own.cover or policy.tiers[own.tier].owner


def pools_of(policy: Policy, team: str) -> Iterator[str]:
    """Yield a team's pools, then their pools, each once, whoever may take a ticket."""
    found = list(policy.teams[team].overflow_to)
    for pool in found:
        yield pool
        found += [p for p in policy.teams[pool].overflow_to if p not in found]


def may_take(policy: Policy, team: str, tier: int, never: Container[str]) -> bool:
    """Return whether a team isn't excluded, has capacity, and isn't below a ticket's tier."""
    known = policy.teams[team]
    works_there = known.tier >= tier or policy.serves(team, tier)
    return works_there and team not in never and capacity_of(known) != 0


def calendar_of(policy: Policy, team: str) -> str:
    """Return the name of the calendar by which a team is there: its own, else its tier's."""
    return policy.calendar_of(team, policy.teams[team].tier)


def hours_of(policy: Policy, team: str) -> Calendars:
    """Return the calendars by which a team is there."""
    return policy.hours(calendar_of(policy, team))


def on_call_of(policy: Policy, team: str) -> str | None:
    """Return who is told of what can't wait while a team is closed, None where nobody is."""
    return next((c.on_call for c in hours_of(policy, team) if c.on_call is not None), None)

"""The queue: what a ticket's priority is made of, and what agents need to be able to do."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from tierline.data.labels import Severity
from tierline.data.ticket import CustomerTier
from tierline.serving.policy.durations import Duration
from tierline.serving.policy.rules import TIERS, Phrase, Strict, Tier
from tierline.serving.policy.teams import TeamPolicy

_MOST_POINTS: Final = 1e6
Points = Annotated[float, Field(ge=0, le=_MOST_POINTS, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


def _longer_than_nothing(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError('expected more than "0m"')
    return value


Span = Annotated[Duration, AfterValidator(_longer_than_nothing)]
#: A ticket's fields whose value an agent may need as a skill.
NeededField = Literal["language", "product", "issue_type", "channel"]


class QueueWeights(Strict):
    """The most points that each term can give; ``age_per_day`` gives its points every day.

    Age alone has no upper end, so it can't be switched off: that is why every ticket is reached.
    """

    severity: Points
    breach: Points
    customer_tier: Points
    sentiment: Points
    attempts: Points
    order_value: Points
    age_per_day: float = Field(gt=0, le=_MOST_POINTS, allow_inf_nan=False)


class QueuePolicy(Strict):
    """How open tickets are ordered and given out.

    ``severity``, ``customer_tier`` and ``sentiment``: the share (0 to 1) of the weight that a
    value gets; what isn't listed gets 0. ``breach_horizon``: so long before the response is due
    its term begins to grow, and so long after it stops. ``attempts_full`` and
    ``order_value_full``: from here on the whole weight. ``handling``: how long one ticket takes
    up a place in its team's capacity, by the ticket's tier. ``needs``: fields whose value an
    agent must have among the skills; ``everyone``: skills that all have.
    """

    weights: QueueWeights
    severity: dict[Severity, Share]
    customer_tier: dict[CustomerTier, Share]
    sentiment: dict[str, Share]
    breach_horizon: Span
    attempts_full: int = Field(ge=1)
    order_value_full: float = Field(gt=0, allow_inf_nan=False)
    handling: dict[Tier, Span]
    needs: tuple[NeededField, ...] = ()
    everyone: tuple[Phrase, ...] = ()

    @property
    def most_points(self) -> float:
        """The most that all terms but age give together."""
        weights = self.weights.model_dump(exclude={"age_per_day"})
        return float(sum(weights.values()))

    @property
    def passed_within_days(self) -> float:
        """After so many days a ticket precedes every ticket filed since.

        Safety tickets and P1 apart: they precede all others.
        """
        return self.most_points / self.weights.age_per_day


def limit_of(team: TeamPolicy) -> int | None:
    """Return how long a team's queue may grow before the rest overflows; None: without end."""
    if not team.overflow_to:
        return None
    return team.limit if team.limit is not None else capacity_of(team)


def capacity_of(team: TeamPolicy) -> int | None:
    """Return the open tickets that a team can hold, its agents' own limits counted."""
    own = [member.capacity for member in team.members]
    agents = sum(c for c in own if c is not None) if own and None not in own else None
    known = [c for c in (team.capacity, agents) if c is not None]
    return min(known) if known else None


def queue_problems(queue: QueuePolicy, teams: Mapping[str, TeamPolicy]) -> Iterator[str]:
    """Yield what can't be in the queue's policy and the teams' overflow, by the key's path."""
    if missing := [s for s in Severity if s not in queue.severity]:
        yield f"queue.severity: expected every severity; missing {', '.join(missing)}"
    if lacking := [tier for tier in TIERS if tier not in queue.handling]:
        yield f"queue.handling: expected tiers 1 to 4; missing {', '.join(map(str, lacking))}"
    for name, team in teams.items():
        if team.limit is not None and not team.overflow_to:
            yield f"teams.{name}.limit: expected overflow_to beside it: where does the rest go?"
        if team.overflow_to and limit_of(team) is None:
            yield f"teams.{name}.overflow_to: expected a limit or a capacity that can be exceeded"
        for number, pool in enumerate(team.overflow_to):
            if problem := _pool_problem(name, pool, teams):
                yield f"teams.{name}.overflow_to.{number}: {problem}"
    try:
        TopologicalSorter({name: team.overflow_to for name, team in teams.items()}).prepare()
    except CycleError as error:
        ring = error.args[1][::-1]
        yield (f"teams.{ring[0]}.overflow_to: overflow goes round in a circle: {' → '.join(ring)}")


def _pool_problem(name: str, pool: str, teams: Mapping[str, TeamPolicy]) -> str | None:
    if pool not in teams:
        return f"expected a team of the policy; found {pool!r}"
    if teams[pool].tier < teams[name].tier:
        return (
            f"expected a team of tier {teams[name].tier} or above, as tickets never sink; "
            f"{pool} works at tier {teams[pool].tier}"
        )
    return None

"""Give ordered tickets to teams and agents: most urgent first, nobody beyond capacity."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tierline.serving.policy import Policy
from tierline.serving.policy.queue import limit_of
from tierline.serving.queue.choices import Choice, Choices, Option, Waiting, Way
from tierline.serving.queue.flow import Network, cheapest, most_urgent, need_scipy
from tierline.serving.queue.hours import Hours
from tierline.serving.queue.priority import Ranked
from tierline.serving.queue.reached import Slots
from tierline.serving.queue.shared import most_urgent_shared


@dataclass(frozen=True, slots=True)
class Service:
    """Who takes a ticket, or why nobody does yet.

    ``waits_for`` is None for a ticket that is taken now; ``team`` is then who takes it, else its
    own team, and ``agent`` is None where the team names no agents. ``reached_by``: when someone
    can begin at the present capacity and handling times, None for never. ``in_time``: whether
    that is before the response is due.
    """

    team: str
    agent: str | None
    way: Way | None
    waits_for: Waiting | None
    reached_by: datetime | None
    in_time: bool


def allocate(ranked: Sequence[Ranked], policy: Policy, now: datetime) -> list[Service]:
    """Return a service per ticket, in the order of ``ranked`` (see `order`).

    The tickets that are taken are the lexicographically most urgent that capacities, skills,
    hours, limits and exclusions let be taken together; among all ways to give them out, the one
    with the fewest tickets away from their own team, cover before overflow.

    Raises:
        InputError: when scipy isn't there.
    """
    need_scipy()
    if not ranked:
        return []
    hours = Hours(policy)
    choices = Choices(policy, hours, now)
    chosen = _choose(ranked, policy, choices)
    numbers: dict[tuple[Option, ...], int] = {}
    # Alike tickets share a choice: comparing its many options once is enough.
    known = {id(choice): choice.options for choice in chosen}
    number_of = {one: numbers.setdefault(own, len(numbers)) for one, own in known.items()}
    classes = np.array([number_of[id(choice)] for choice in chosen], dtype=np.int64)
    network = _network(tuple(numbers), choices, policy)
    taken = (most_urgent_shared if network.shared else most_urgent)(classes, network)
    sequences = [
        _sequence(options, shares)
        for options, shares in zip(numbers, cheapest(taken, network), strict=True)
    ]
    slots = Slots(policy, choices.servers, hours, now)
    services: list[Service | None] = []
    served = np.zeros(len(numbers), dtype=np.int64)
    for one, number in zip(ranked, classes, strict=True):
        position, sequence = served[number], sequences[number]
        served[number] += 1
        services.append(
            _taken(one, sequence[position], slots) if position < len(sequence) else None
        )
    return [
        service or _waiting(one, choice, slots)
        for one, choice, service in zip(ranked, chosen, services, strict=True)
    ]


def _choose(ranked: Sequence[Ranked], policy: Policy, choices: Choices) -> list[Choice]:
    """Return where each ticket may go; those beyond their team's limit may overflow."""
    queued: Counter[str] = Counter()
    limits = {name: limit_of(team) for name, team in policy.teams.items()}
    chosen = []
    for one in ranked:
        team = one.entry.team
        limit = limits[team]
        chosen.append(choices.of(one.entry, beyond=limit is not None and queued[team] >= limit))
        queued[team] += 1
    return chosen


def _network(options: Sequence[tuple[Option, ...]], choices: Choices, policy: Policy) -> Network:
    teams = {name: number for number, name in enumerate(policy.teams)}
    servers = choices.servers.all
    return Network(
        tuple(tuple((option.server, option.cost) for option in own) for own in options),
        tuple(server.capacity for server in servers),
        tuple(teams[server.team] for server in servers),
        tuple(team.capacity for team in policy.teams.values()),
        choices.servers.shared,
    )


def _sequence(options: Sequence[Option], shares: Mapping[int, int]) -> list[Option]:
    """Return who takes a class's tickets, in order: the most wanted way first, then in turn."""
    by_cost: dict[int, list[Option]] = defaultdict(list)
    for option in options:
        by_cost[option.cost].append(option)
    found: list[Option] = []
    for _, alike in sorted(by_cost.items()):
        turns = [
            ((turn + 0.5) / shares[option.server], option.server, option)
            for option in alike
            for turn in range(shares.get(option.server, 0))
        ]
        found += [option for _, _, option in sorted(turns, key=lambda turn: turn[:2])]
    return found


def _taken(one: Ranked, option: Option, slots: "Slots") -> Service:
    server = slots.servers.all[option.server]
    reached = slots.take(option.server, one.entry.tier)
    in_time = reached <= one.entry.respond_by
    return Service(server.team, server.agent, option.way, None, reached, in_time)


def _waiting(one: Ranked, choice: Choice, slots: "Slots") -> Service:
    reached = slots.next(choice.later, one.entry.tier)
    in_time = reached is not None and reached <= one.entry.respond_by
    why = Waiting.CAPACITY if choice.options else choice.lacking
    return Service(one.entry.team, None, None, why, reached, in_time)

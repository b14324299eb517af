"""Who can take tickets: agents with their skills, or a team that names no agents."""

from collections.abc import Iterator
from dataclasses import dataclass

from tierline.serving.policy import Policy, TeamPolicy
from tierline.serving.policy.teams import folded, members_of_several
from tierline.serving.queue.entry import Need, skill_names

#: The team's list that names what it can do, by the ticket's field.
_LISTS = {"language": "languages", "product": "products", "issue_type": "issue_types",
          "channel": "channels"}  # fmt: skip


@dataclass(frozen=True)
class Server:
    """An agent, or (``agent`` None) a whole team; ``capacity`` None: no limit."""

    team: str
    agent: str | None
    capacity: int | None


@dataclass(frozen=True)
class Servers:
    """All who can take tickets, in the policy's order.

    ``shared``: those that are one person in several teams, with what that person can hold in
    all: the most that one of the teams says.
    """

    policy: Policy
    all: tuple[Server, ...]
    shared: tuple[tuple[tuple[int, ...], int], ...]

    @classmethod
    def of(cls, policy: Policy) -> "Servers":
        """Return a policy's agents, and its teams that name none."""
        found: list[Server] = []
        for name, team in policy.teams.items():
            if team.members:
                found += [Server(name, m.name, m.capacity) for m in team.members]
            else:
                found.append(Server(name, None, None))
        return cls(policy, tuple(found), tuple(_shared(found, policy)))

    def able(self, team: str, needs: frozenset[Need]) -> tuple[int, ...]:
        """Return those of a team who have every skill that is needed, by their number."""
        return tuple(
            number
            for number, server in enumerate(self.all)
            if server.team == team and _has(server, self.policy.teams[team], needs)
        )


def _shared(servers: list[Server], policy: Policy) -> Iterator[tuple[tuple[int, ...], int]]:
    for person in members_of_several(policy.teams):
        same = {
            number: server.capacity
            for number, server in enumerate(servers)
            if server.agent is not None and folded(server.agent) == person
        }
        limits = [capacity for capacity in same.values() if capacity is not None]
        if len(limits) == len(same):
            yield tuple(same), max(limits)


def _has(server: Server, team: TeamPolicy, needs: frozenset[Need]) -> bool:
    """Return whether a server has every skill.

    A team without agents has those of its own lists, and all of a kind that it has no list of.
    """
    if server.agent is None:
        return all(_listed(team, field, names) for field, names in needs)
    member = next(m for m in team.members if m.name == server.agent)
    skills = {s.strip().casefold() for s in member.skills}
    return all(not skills.isdisjoint(names) for _, names in needs)


def _listed(team: TeamPolicy, field: str, names: tuple[str, ...]) -> bool:
    given: tuple[str, ...] = getattr(team, _LISTS[field])
    own = {name for value in given for name in skill_names(field, value)[:1]}
    return not own or not own.isdisjoint(names)

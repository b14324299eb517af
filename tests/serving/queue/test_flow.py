"""The assignment problem against all of its solutions."""

import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.errors import InputError
from tierline.serving.queue.flow import Counts, Network, cheapest, most_urgent, need_scipy
from tierline.serving.queue.shared import most_urgent_shared

from ..test_recommend_properties import PROFILE


@st.composite
def problems(draw: st.DrawFn, shared: bool = False) -> tuple[list[int], Network]:
    """Up to 6 tickets of up to 3 classes, up to 3 servers in up to 2 teams.

    ``shared``: two servers or more are the same person.
    """
    servers = draw(st.integers(1, 3))
    limit = st.none() | st.integers(0, 3)
    teams = draw(st.integers(1, 2))
    costs = st.dictionaries(st.integers(0, servers - 1), st.integers(0, 3), max_size=servers)
    classes = draw(st.lists(costs, min_size=1, max_size=3))
    tickets = draw(st.lists(st.integers(0, len(classes) - 1), max_size=6))
    person = draw(st.lists(st.integers(0, servers - 1), unique=True, min_size=2, max_size=3)
                  if shared and servers > 1 else st.just([]))  # fmt: skip
    return tickets, Network(
        tuple(tuple(c.items()) for c in classes),
        tuple(draw(limit) for _ in range(servers)),
        tuple(draw(st.integers(0, teams - 1)) for _ in range(servers)),
        tuple(draw(limit) for _ in range(teams)),
        ((tuple(person), draw(st.integers(0, 3))),) if person else (),
    )


def within(counts: Counter[int], limits: tuple[int | None, ...]) -> bool:
    return all((limit := limits[n]) is None or count <= limit for n, count in counts.items())


def solutions(tickets: list[int], network: Network) -> Iterator[tuple[tuple[bool, ...], int]]:
    """Yield which tickets every possible allocation serves, and at what cost."""
    options = [[None, *network.options[c]] for c in tickets]
    for chosen in product(*options):
        servers = Counter(option[0] for option in chosen if option)
        teams: Counter[int] = Counter()
        for server, count in servers.items():
            teams[network.team[server]] += count
        people = all(sum(servers[s] for s in same) <= most for same, most in network.shared)
        if people and within(servers, network.capacity) and within(teams, network.team_capacity):
            yield tuple(o is not None for o in chosen), sum(o[1] for o in chosen if o)


@PROFILE
@given(problems())
def test_the_most_urgent_are_served_at_the_least_cost(
    problem: tuple[list[int], Network],
) -> None:
    check(problem, most_urgent)


@PROFILE
@given(problems(shared=True))
def test_so_they_are_where_someone_works_in_several_teams(
    problem: tuple[list[int], Network],
) -> None:
    check(problem, most_urgent_shared)


def check(
    problem: tuple[list[int], Network], most_urgent: Callable[[Counts, Network], Counts]
) -> None:
    tickets, network = problem
    served, cost = max(solutions(tickets, network), key=lambda s: (s[0], -s[1]))
    taken = most_urgent(np.array(tickets, dtype=np.int64), network)
    seen: Counter[int] = Counter()
    found = []
    for c in tickets:
        found.append(bool(seen[c] < taken[c]))
        seen[c] += 1
    assert tuple(found) == served
    shares = cheapest(taken, network)
    assert [sum(share.values()) for share in shares] == list(taken)
    assert sum(n * dict(o)[s] for o, own in zip(network.options, shares, strict=True)
               for s, n in own.items()) == cost  # fmt: skip
    loads = sum((Counter(own) for own in shares), Counter[int]())
    teams: Counter[int] = Counter()
    for server, n in loads.items():
        teams[network.team[server]] += n
    assert all(sum(loads[s] for s in same) <= most for same, most in network.shared)
    assert within(loads, network.capacity)
    assert within(teams, network.team_capacity)


#: Two people in the same two teams, each of which has room for one ticket: halves of two tickets
#: fit together, but only one whole one does.
HALVES = Network(
    (((0, 0), (1, 0)), ((2, 0), (3, 0))),
    (None,) * 4,
    (0, 1, 0, 1),
    (1, 1),
    (((0, 3), 1), ((1, 2), 1)),
)


@pytest.mark.parametrize("tickets", [[0, 1], [1, 0, 1, 0], [0, 0, 1], [1, 1, 1, 1]])
def test_what_fits_in_fractions_only_is_not_served(tickets: list[int]) -> None:
    check((tickets, HALVES), most_urgent_shared)


def programs(tickets: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all programs that are solved for so many tickets of eight classes."""
    sizes: list[int] = []
    for name in ("linprog", "milp"):
        real = getattr(scipy.optimize, name)

        def counted(costs: Any, *rest: Any, real: Any = real, **more: Any) -> Any:
            sizes.append(len(costs))
            return real(costs, *rest, **more)

        monkeypatch.setattr(scipy.optimize, name, counted)
    options = tuple(tuple((s, 0) for s in range(6) if s != c % 6) for c in range(8))
    shared = (((0, 2), 5), ((1, 4), 7))
    network = Network(options, (4, 5, 3, 6, 4, 5), (0, 0, 1, 1, 2, 2), (8, None, 9), shared)
    classes = np.arange(tickets, dtype=np.int64) % 8
    assert most_urgent_shared(classes, network).sum() == 23
    monkeypatch.undo()
    return sizes


def test_more_tickets_alike_are_no_more_work(monkeypatch: pytest.MonkeyPatch) -> None:
    few = programs(200, monkeypatch)
    assert programs(100_000, monkeypatch) == few
    assert len(few) <= 4


def test_equal_servers_fill_evenly() -> None:
    network = Network((((0, 0), (1, 0), (2, 0)),), (None, None, None), (0, 0, 0), (None,))
    shares = cheapest(np.array([300]), network)[0]
    assert sum(shares.values()) == 300
    assert max(shares.values()) - min(shares.values()) <= 300 / 64 + 1


def test_a_larger_agent_takes_more() -> None:
    network = Network((((0, 0), (1, 0)),), (80, 20), (0, 0), (None,))
    assert cheapest(np.array([50]), network)[0][0] == pytest.approx(40, abs=2)


def test_a_missing_scipy_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "scipy":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'tierline\[queue\]'"):
        need_scipy()

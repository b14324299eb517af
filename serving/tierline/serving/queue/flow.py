"""The assignment problem, solved by scipy on classes of alike tickets instead of single ones.

Tickets that may go to the same servers at the same cost are one class, so 100,000 tickets make a
network of some hundred nodes: classes, servers, teams. Both steps are exact.

1. `most_urgent`: which tickets are served. The sets that can be served together are the
   independent sets of a gammoid, so taking tickets in order wherever that is still possible
   serves the lexicographically most urgent set, and as many as any set (Edmonds 1971, "Matroids
   and the greedy algorithm", doi:10.1007/BF01584082). Maximum flow says what is possible.
2. `cheapest`: who serves them. A minimum-cost flow by HiGHS's dual simplex; a network's vertices
   are whole numbers.

Where someone works in several teams, both are integer programs (see `shared`), exact too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.errors import InputError

Counts = NDArray[np.int64]
#: Steps in which a server fills up: those of equal cost fill evenly to 1/64 of it.
_LEVELS: Final = 64
#: One step of preference outweighs any gain in evenness.
_STEP: Final = 1_000.0


@dataclass(frozen=True)
class Network:
    """Which servers take which classes.

    ``options``: per class its servers with the cost of each. ``capacity``: per server (None: no
    limit), ``team``: per server its team's number, ``team_capacity``: per team. ``shared``:
    servers that are the same person in several teams, with what that person can hold in all.
    """

    options: tuple[tuple[tuple[int, int], ...], ...]
    capacity: tuple[int | None, ...]
    team: tuple[int, ...]
    team_capacity: tuple[int | None, ...]
    shared: tuple[tuple[tuple[int, ...], int], ...] = ()


def need_scipy() -> None:
    """Raise an InputError that names the extra when scipy isn't there."""
    try:
        import scipy  # noqa: F401
    except ImportError:
        raise InputError(
            "giving tickets out needs scipy: pip install 'tierline[queue]', or leave it out "
            '(--order-only, "allocate": false)'
        ) from None


def most_urgent(classes: Counts, network: Network) -> Counts:
    """Return how many of each class are served: its first ones.

    ``classes`` (N,) is the class of each ticket, the most urgent first.
    """
    flows = _Flows(network, len(classes))
    count = len(network.options)
    taken = np.zeros(count, dtype=np.int64)
    left = classes
    while left.size:
        size, blocked = left.size, np.zeros(count, dtype=bool)
        while True:
            demand = taken + np.bincount(left[:size], minlength=count)
            tight, most = flows.too_much(demand)
            if tight is None:
                break
            # The classes in the cut fit into it up to here at most.
            blocked = tight
            asked = taken[tight].sum() + np.cumsum(tight[left])
            size = int(np.searchsorted(asked, most, side="right"))
        taken += np.bincount(left[:size], minlength=count)
        rest = left[size:]
        left = rest[~blocked[rest]]
    return taken


class _Flows:
    """Maximum flows from classes by servers and teams to the sink, under changing demands."""

    def __init__(self, network: Network, most: int) -> None:
        from scipy.sparse import csr_array

        self._classes = classes = len(network.options)
        servers, teams = len(network.capacity), len(network.team_capacity)
        first_server, first_team = 1 + classes, 1 + classes + servers
        self._sink = sink = first_team + teams
        arcs = [(0, 1 + c, 0) for c in range(classes)]
        arcs += [
            (1 + c, first_server + s, most)
            for c, options in enumerate(network.options)
            for s, _ in options
        ]
        arcs += [
            (first_server + s, first_team + t, _within(network.capacity[s], most))
            for s, t in enumerate(network.team)
        ]
        arcs += [
            (first_team + t, sink, _within(limit, most))
            for t, limit in enumerate(network.team_capacity)
        ]
        self._tails, self._heads, self._caps = (
            np.array(column, dtype=np.int32) for column in zip(*arcs, strict=True)
        )
        self._matrix: Any = csr_array
        self._shape = (sink + 1, sink + 1)

    def too_much(self, demand: Counts) -> tuple[NDArray[np.bool_] | None, int]:
        """Return which classes together ask for too much, and how much of them fits.

        None when all of the demand fits.
        """
        from scipy.sparse.csgraph import breadth_first_order, maximum_flow

        self._caps[: self._classes] = demand
        graph = self._matrix((self._caps, (self._tails, self._heads)), shape=self._shape)
        found = maximum_flow(graph, 0, self._sink)
        if found.flow_value == demand.sum():
            return None, int(found.flow_value)
        residual = graph - found.flow
        residual.eliminate_zeros()
        reached = breadth_first_order(residual, 0, return_predecessors=False)
        inside = np.zeros(self._shape[0], dtype=bool)
        inside[reached] = True
        tight = inside[1 : 1 + self._classes]
        return tight, int(found.flow_value - demand[~tight].sum())


def _within(limit: int | None, most: int) -> int:
    return most if limit is None else min(limit, most)


def cheapest(taken: Counts, network: Network) -> list[dict[int, int]]:
    """Return per class how many tickets each server takes, at the least cost in all.

    ``taken``: per class the tickets to be served; all of them can be. Servers of equal cost
    fill evenly.
    """
    from scipy.optimize import linprog

    total = int(taken.sum())
    arcs = [
        (c, s, cost) for c, options in enumerate(network.options) if taken[c] for s, cost in options
    ]
    if not arcs:
        return [{} for _ in network.options]
    used = sorted({s for _, s, _ in arcs})
    levels = [(s, level, size) for s in used for level, size in _levels(network.capacity[s], total)]
    costs = [cost * _STEP for _, _, cost in arcs] + [float(level) for _, level, _ in levels]
    bounds = [(0, int(taken[c])) for c, _, _ in arcs] + [(0, size) for _, _, size in levels]
    equal, of_classes = _balance(arcs, levels, taken, used)
    upper, limits = _joint_limits(len(arcs), levels, network, total)
    whole = {"method": "highs", "integrality": 1} if network.shared else {"method": "highs-ds"}
    found = linprog(
        costs, A_eq=equal, b_eq=of_classes, A_ub=upper, b_ub=limits, bounds=bounds, **whole
    )
    if found.status != 0:
        raise AssertionError(f"the flow was found to be possible, yet HiGHS says: {found.message}")
    shares: list[dict[int, int]] = [{} for _ in network.options]
    for (c, s, _), amount in zip(arcs, found.x, strict=False):
        if number := round(amount):
            shares[c][s] = number
    return shares


def _levels(capacity: int | None, total: int) -> list[tuple[int, int]]:
    """Return the steps in which a server fills up, each with its size."""
    size = total if capacity is None else capacity
    ends = [size * level // _LEVELS for level in range(_LEVELS + 1)]
    return [(level, b - a) for level, (a, b) in enumerate(pairwise(ends)) if b > a]


def _balance(
    arcs: Sequence[tuple[int, int, int]],
    levels: Sequence[tuple[int, int, int]],
    taken: Counts,
    used: Sequence[int],
) -> tuple[Any, list[int]]:
    """Return the equations: a class is served whole, a server's levels hold what it takes."""
    from scipy.sparse import coo_array

    served = sorted({c for c, _, _ in arcs})
    row_of_class = {c: row for row, c in enumerate(served)}
    row_of_server = {s: len(served) + row for row, s in enumerate(used)}
    cells = [(row_of_class[c], i, 1.0) for i, (c, _, _) in enumerate(arcs)]
    cells += [(row_of_server[s], i, 1.0) for i, (_, s, _) in enumerate(arcs)]
    cells += [(row_of_server[s], len(arcs) + i, -1.0) for i, (s, _, _) in enumerate(levels)]
    rows, columns, values = zip(*cells, strict=True)
    shape = (len(served) + len(used), len(arcs) + len(levels))
    return coo_array((values, (rows, columns)), shape=shape).tocsr(), [
        *(int(taken[c]) for c in served),
        *(0 for _ in used),
    ]


def _joint_limits(
    arcs: int, levels: Sequence[tuple[int, int, int]], network: Network, total: int
) -> tuple[Any, list[int]]:
    """Return the inequalities: a team's servers, and one person's, hold no more than they may."""
    from scipy.sparse import coo_array

    teams = len(network.team_capacity)
    cells = [(network.team[s], arcs + i) for i, (s, _, _) in enumerate(levels)]
    for row, (servers, _) in enumerate(network.shared, teams):
        cells += [(row, arcs + i) for i, (s, _, _) in enumerate(levels) if s in servers]
    rows, columns = zip(*cells, strict=True)
    shape = (teams + len(network.shared), arcs + len(levels))
    matrix = coo_array((np.ones(len(cells)), (rows, columns)), shape=shape).tocsr()
    own = [_within(limit, total) for limit in network.team_capacity]
    return matrix, own + [most for _, most in network.shared]

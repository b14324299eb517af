"""Who is served where people work in several teams: each of them counts once.

A person's limit and a team's then cross, so no network holds both (see `flow`): which tickets
fit together is asked of HiGHS as an integer program. Leaving tickets out never makes the others
impossible, so taking them in order wherever that is still possible serves the lexicographically
most urgent set, and a class of which one ticket didn't fit has none that fits later.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import numpy as np

from tierline.serving.queue.flow import Counts, Network


def most_urgent_shared(classes: Counts, network: Network) -> Counts:
    """Return how many of each class are served: its first ones (see `flow.most_urgent`)."""
    fits = _Program(network).fits
    count = len(network.options)
    taken = np.zeros(count, dtype=np.int64)
    left = classes
    while left.size:

        def too_many(size: int, taken: Counts = taken, left: Counts = left) -> bool:
            return not fits(taken + np.bincount(left[:size], minlength=count))

        size = bisect_left(range(1, left.size + 1), True, key=too_many)
        taken = taken + np.bincount(left[:size], minlength=count)
        rest = left[size:]
        left = rest[rest != rest[0]] if rest.size else rest
    return taken


class _Program:
    """Whole numbers of tickets from classes to servers, within all limits."""

    def __init__(self, network: Network) -> None:
        from scipy.sparse import coo_array

        self._arcs = [(c, s) for c, options in enumerate(network.options) for s, _ in options]
        rows = [[i for i, (c, _) in enumerate(self._arcs) if c == one]
                for one in range(len(network.options))]  # fmt: skip
        limits = list(self._limits(network))
        rows += [arcs for arcs, _ in limits]
        self._most = np.array([most for _, most in limits], dtype=np.float64)
        cells = [(row, column) for row, columns in enumerate(rows) for column in columns]
        shape = (len(rows), len(self._arcs))
        where = tuple(np.array(cells, dtype=np.int32).reshape(-1, 2).T)
        self._matrix: Any = coo_array((np.ones(len(cells)), where), shape=shape).tocsr()

    def _limits(self, network: Network) -> Iterator[tuple[list[int], int]]:
        """Yield the arcs that share a limit, with it: servers, teams, people in several teams."""
        teams = enumerate(network.team_capacity)
        groups = [
            *(({s}, most) for s, most in enumerate(network.capacity)),
            *(({s for s, t in enumerate(network.team) if t == team}, most) for team, most in teams),
            *((set(servers), most) for servers, most in network.shared),
        ]
        for servers, most in groups:
            if most is not None:
                yield [i for i, (_, s) in enumerate(self._arcs) if s in servers], most

    def fits(self, demand: Counts) -> bool:
        """Return whether so many tickets of each class can be served together."""
        from scipy.optimize import LinearConstraint, milp

        total = int(demand.sum())
        if not total or not self._arcs:
            return not total
        limits = LinearConstraint(self._matrix, ub=np.concatenate((demand, self._most)))
        found = milp(-np.ones(len(self._arcs)), constraints=limits, integrality=1)
        return bool(found.status == 0 and round(-found.fun) == total)

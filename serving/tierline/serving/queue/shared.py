"""Who is served where people work in several teams: each of them counts once.

A person's limit and a team's then cross, so no network holds both (see `flow`): which tickets
fit together is an integer program. Leaving tickets out never makes the others impossible, so
taking them in order wherever that is still possible serves the lexicographically most urgent
set, and a class of which one ticket didn't fit has none that fits later.

As in `flow`, what doesn't fit tells at once how much of it does: the linear program's prices
(Farkas' lemma) give an inequality that every demand that fits keeps, so neither the programs
nor their number grow with the number of tickets. Where all of a demand fits in fractions only,
HiGHS decides with whole numbers.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tierline.serving.queue.flow import Counts, Network

#: Rounding errors are far smaller, what a ticket weighs is far more.
_TOLERANCE: Final = 1e-6
_DIGITS: Final = 9


@dataclass(frozen=True)
class _Cut:
    """What fits keeps: the tickets of each class times its ``weight`` are at most ``most``."""

    weight: NDArray[np.float64]
    most: float

    def asked(self, demand: Counts) -> float:
        return float(self.weight @ demand)


def most_urgent_shared(classes: Counts, network: Network) -> Counts:
    """Return how many of each class are served: its first ones (see `flow.most_urgent`)."""
    program = _Program(network)
    count = len(network.options)
    taken = np.zeros(count, dtype=np.int64)
    cuts: list[_Cut] = []
    servable = np.array([bool(options) for options in network.options])
    left = classes[servable[classes]]
    while left.size:
        size = _first(left, taken, program, cuts)
        taken = taken + np.bincount(left[:size], minlength=count)
        rest = left[size:]
        blocked = np.zeros(count, dtype=bool)
        blocked[rest[:1]] = True
        for cut in cuts:
            blocked |= cut.asked(taken) + cut.weight > cut.most
        left = rest[~blocked[rest]]
    return taken


def _first(left: Counts, taken: Counts, program: "_Program", cuts: list[_Cut]) -> int:
    """Return how many of the first tickets fit beside those taken; ``cuts`` gets what limits."""

    def demand(size: int) -> Counts:
        return taken + np.bincount(left[:size], minlength=taken.size)

    size = min([left.size, *(_within(cut, left, taken) for cut in cuts)])
    while (cut := program.cut(demand(size))) is not None:
        cuts.append(cut)
        size = min(size - 1, _within(cut, left[:size], taken))
    if program.fits(demand(size)):
        return size
    return bisect_left(range(1, size + 1), True, key=lambda n: not program.fits(demand(n)))


def _within(cut: _Cut, left: Counts, taken: Counts) -> int:
    asked = cut.asked(taken) + np.cumsum(cut.weight[left])
    return int(np.searchsorted(asked, cut.most, side="right"))


class _Program:
    """Numbers of tickets from classes to servers, within all limits."""

    def __init__(self, network: Network) -> None:
        from scipy.sparse import coo_array

        self._arcs = [(c, s) for c, options in enumerate(network.options) for s, _ in options]
        self._classes = len(network.options)
        rows = [[i for i, (c, _) in enumerate(self._arcs) if c == one]
                for one in range(self._classes)]  # fmt: skip
        limits = list(self._limits(network))
        rows += [arcs for arcs, _ in limits]
        self._most = np.array([most for _, most in limits], dtype=np.float64)
        cells = [(row, column) for row, columns in enumerate(rows) for column in columns]
        shape = (len(rows), len(self._arcs))
        where = tuple(np.array(cells, dtype=np.int32).reshape(-1, 2).T)
        self._matrix: Any = coo_array((np.ones(len(cells)), where), shape=shape).tocsr()
        self._class_of = np.array([c for c, _ in self._arcs], dtype=np.int64)

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

    def cut(self, demand: Counts) -> _Cut | None:
        """Return an inequality that a demand breaks, and none that fits; None: fits in fractions.

        Whatever a place of each limit is said to cost (at least 0): a ticket costs at least as
        much as its cheapest server, counted up to 1, and all that fit no more than all places.
        """
        from scipy.optimize import linprog

        upper = np.concatenate((demand, self._most))
        found = linprog(-np.ones(len(self._arcs)), self._matrix, upper, method="highs-ds")
        if found.status != 0:
            raise AssertionError(
                f"nobody served is always possible, yet HiGHS says: {found.message}"
            )
        prices = np.round(-found.ineqlin.marginals[self._classes :], _DIGITS).clip(min=0)
        of_arcs = prices @ self._matrix[self._classes :]
        weight = np.ones(self._classes)
        np.minimum.at(weight, self._class_of, of_arcs)
        cut = _Cut(weight, float(prices @ self._most) + _TOLERANCE)
        return cut if cut.asked(demand) > cut.most else None

    def fits(self, demand: Counts) -> bool:
        """Return whether so many tickets of each class can be served together."""
        from scipy.optimize import LinearConstraint, milp

        total = int(demand.sum())
        if not total:
            return True
        limits = LinearConstraint(self._matrix, ub=np.concatenate((demand, self._most)))
        found = milp(-np.ones(len(self._arcs)), constraints=limits, integrality=1)
        return bool(found.status == 0 and round(-found.fun) == total)

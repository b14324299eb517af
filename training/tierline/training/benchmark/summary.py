"""From cells to the lines of the table: set and head by method, over the seeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tierline.training.benchmark.outcome import Outcome

_COSTS: Final = ("seconds", "cpu_seconds", "peak_mebibytes")


@dataclass(frozen=True)
class Spread:
    """The mean of ``count`` seeds, with the lowest and the highest."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread | None":
        """Return the spread of some values; None without any."""
        found = list(values)
        if not found:
            return None
        return cls(sum(found) / len(found), min(found), max(found), len(found))

    def shown(self, digits: int = 3, sign: str = "") -> str:
        """Return ``mean (low–high)``, or the bare value of one seed."""
        mean, low, high = (f"{x:{sign},.{digits}f}" for x in (self.mean, self.low, self.high))
        return f"{mean} ({low}–{high})" if self.count > 1 else mean


@dataclass(frozen=True)
class Line:
    """One method on one head of one set.

    Attributes:
        set_name: the set.
        head: the head; empty where no seed gave figures.
        method: the method's name.
        figures: the test part's figures by name.
        costs: ``seconds``, ``cpu_seconds``, ``peak_mebibytes`` of the cells (of all heads).
        less: the headline figure less that of the method compared with, seed by seed.
        reached: seconds until the validation score that all had to reach.
        cpu_reached: the same in CPU seconds.
        best: the best validation score.
        of_seeds: the seeds that were tried.
        problems: why seeds gave no figures.
    """

    set_name: str
    head: str
    method: str
    figures: Mapping[str, Spread]
    costs: Mapping[str, Spread]
    less: Spread | None
    reached: Spread | None
    cpu_reached: Spread | None
    best: Spread | None
    of_seeds: int
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "set": self.set_name,
            "head": self.head,
            "method": self.method,
            **{name: vars(s) for name, s in {**self.figures, **self.costs}.items()},
            "headline_less": vars(self.less) if self.less else None,
            "seconds_to_score": vars(self.reached) if self.reached else None,
            "cpu_seconds_to_score": vars(self.cpu_reached) if self.cpu_reached else None,
            "best_validation_score": vars(self.best) if self.best else None,
            "seeds": self.of_seeds,
            "problems": list(self.problems),
        }


def summarise(
    outcomes: Sequence[Outcome],
    headlines: Mapping[str, str],
    reach: float | None = None,
    against: str | None = None,
) -> tuple[Line, ...]:
    """Return the table's lines: set by set, head by head; ``headlines`` by set.

    A method without any figures has one line, with the reasons, below the others of its set.
    """
    wanted = targets(outcomes, reach)
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.job.name, outcome.job.method), []).append(outcome)
    lines = []
    for name in dict.fromkeys(o.job.name for o in outcomes):
        methods = [method for set_name, method in cells if set_name == name]
        heads = dict.fromkeys(h for o in outcomes if o.job.name == name for h in o.figures)
        for head in (*heads, ""):
            for method in methods:
                found = cells[name, method]
                has = any(head in o.figures for o in found)
                if has or (not head and not any(o.figures for o in found)):
                    others = cells.get((name, against or ""), []) if method != against else []
                    less = _less(found, others, head, headlines[name])
                    lines.append(_line(found, (name, head, method), less, wanted))
    return tuple(lines)


def targets(outcomes: Sequence[Outcome], reach: float | None) -> dict[tuple[str, int], float]:
    """Return the validation score to reach, by set and seed.

    The lowest of the methods' best scores, which all of them reach, unless ``reach`` says it.
    """
    best: dict[tuple[str, int], float] = {}
    for outcome in outcomes:
        key = outcome.job.name, outcome.job.seed
        if outcome.curve:
            score = max(score for *_, score in outcome.curve)
            best[key] = min(score, best.get(key, score))
    return {key: score if reach is None else reach for key, score in best.items()}


def _line(
    found: Sequence[Outcome],
    names: tuple[str, str, str],
    less: Spread | None,
    wanted: Mapping[tuple[str, int], float],
) -> Line:
    name, head, method = names
    given = [o.figures[head] for o in found if head in o.figures]
    kinds = dict.fromkeys(kind for figures in given for kind in figures)
    good = [o for o in found if o.status == "ok"]
    curves = [o for o in good if o.curve]
    times = [t for o in curves if (t := _first(o.curve, wanted[name, o.job.seed]))]
    costs = {cost: Spread.of(getattr(o, cost) for o in good) for cost in _COSTS}
    figures = {kind: Spread.of(f[kind] for f in given if kind in f) for kind in kinds}
    return Line(
        set_name=name,
        head=head,
        method=method,
        figures={kind: s for kind, s in figures.items() if s},
        costs={cost: s for cost, s in costs.items() if s},
        less=less,
        reached=Spread.of(seconds for seconds, _ in times),
        cpu_reached=Spread.of(cpu for _, cpu in times),
        best=Spread.of(max(score for *_, score in o.curve) for o in curves),
        of_seeds=len(found),
        problems=tuple(f"seed {o.job.seed}: {o.reason}" for o in found if o.status != "ok"),
    )


def _first(
    curve: Sequence[tuple[float, float, float]], wanted: float
) -> tuple[float, float] | None:
    return next(((seconds, cpu) for seconds, cpu, score in curve if score >= wanted), None)


def _less(
    found: Sequence[Outcome], others: Sequence[Outcome], head: str, kind: str
) -> Spread | None:
    by_seed = {o.job.seed: o.figures[head][kind] for o in others if head in o.figures}
    return Spread.of(
        o.figures[head][kind] - by_seed[o.job.seed]
        for o in found
        if head in o.figures and o.job.seed in by_seed
    )

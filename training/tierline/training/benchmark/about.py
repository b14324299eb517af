"""What a table says of itself: command, seeds, rows, what is fair, machine, versions."""

from collections.abc import Iterable, Sequence
from typing import Final

from tierline.training.benchmark.outcome import Outcome
from tierline.training.benchmark.sets import BenchmarkSet
from tierline.training.benchmark.summary import Spread, targets
from tierline.training.benchmark.watch import MEMORY

HOW: Final = (
    "Figures are of the test part: mean (lowest–highest) over the seeds; macro-F1 is the mean over "
    "the labels that occur there. The bold figure is the one that others publish of the set. Every "
    "method of a seed got the same rows.",
    "tierline stops early, where the validation rows are enough to choose an epoch by, calibrates "
    "on them, and answers with its exported bundle; export isn't in its seconds. tfidf and frozen "
    "have nothing to choose, so they learn from train and validation rows. setfit and trainer "
    "learn from the train rows, with their defaults but without checkpoints; validation only draws "
    "their curve, with the clock stopped. Of several heads setfit and trainer train one model "
    "each, tierline one model for all.",
    "Seconds are of training, without loading libraries and data. " + MEMORY,
    "To score: seconds until the same validation score (macro-F1, mean of the heads). tierline's "
    "curve is its encoder's, with a point for every epoch, its own validation included; trainer's "
    "has six points; setfit's four, each with the fit of its classifier (with more than 5,000 "
    "train rows only the end).",
)


def about(
    command: str, sets: Sequence[BenchmarkSet], outcomes: Sequence[Outcome], reach: float | None
) -> dict[str, str]:
    """Return the facts below the table, by their names."""
    seeds = sorted({o.job.seed for o in outcomes})
    facts = {"command": command, "seeds": ", ".join(map(str, seeds))}
    wanted = targets(outcomes, reach)
    for s in sets:
        of_set = [o for o in outcomes if o.job.name == s.name]
        facts[f"rows of {s.name}"] = _rows(s, of_set)
        scores = Spread.of(score for (name, _), score in wanted.items() if name == s.name)
        if scores:
            facts[f"score to reach on {s.name}"] = scores.shown()
        if steps := _steps(of_set):
            facts[f"SetFit's steps on {s.name}"] = steps
    if mixed := _mixed(outcomes):
        facts["not the same rows"] = (
            f"the methods saw different parts of {mixed}: measure again into another --out"
        )
    for name in dict.fromkeys(n for o in outcomes for n in o.environment):
        found = dict.fromkeys(o.environment[name] for o in outcomes if name in o.environment)
        facts[name] = " and ".join(found)
    return facts


def _rows(given: BenchmarkSet, outcomes: Sequence[Outcome]) -> str:
    good = [o for o in outcomes if o.status == "ok"]
    parts = dict.fromkeys(name for o in good for name in o.rows)
    said = [f"{_range(o.rows[name] for o in good)} {name}" for name in parts]
    said.append("split by its own column" if given.has_split else "grouped split by seed")
    if given.quarantined:
        said.append(f"{given.quarantined} unusable, quarantined")
    for head in dict.fromkeys(head for o in good for head in o.unseen):
        if any(o.unseen.get(head) for o in good):
            count = _range(o.unseen.get(head, 0) for o in good)
            said.append(f"{count} test rows with a label of {head} that no train row has")
    if any(o.shared for o in good):
        said.append(f"{_range(o.shared for o in good)} test rows begin like one to learn from")
    return ", ".join(said)


def _range(values: Iterable[int]) -> str:
    found = sorted(values)
    return f"{found[0]:,}" if found[0] == found[-1] else f"{found[0]:,} to {found[-1]:,}"


def _steps(outcomes: Iterable[Outcome]) -> str:
    """Return the steps that SetFit did, of those that its defaults ask for."""
    notes = [o.notes for o in outcomes if o.job.method == "setfit"]
    said = dict.fromkeys(v for note in notes for k, v in note.items() if k.endswith(" steps"))
    return "; ".join(said)


def _mixed(outcomes: Sequence[Outcome]) -> str:
    """Return the sets and seeds of which the methods saw different parts: none, if all is well."""
    seen: dict[tuple[str, int], set[str]] = {}
    for o in outcomes:
        if o.parts:
            seen.setdefault((o.job.name, o.job.seed), set()).add(o.parts)
    return ", ".join(
        f"{name}, seed {seed}" for (name, seed), parts in seen.items() if len(parts) > 1
    )

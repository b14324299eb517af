"""A comparison in plain words: what was compared, what changed, what to do."""

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tierline.training.drift.compare import Comparison
from tierline.training.drift.limits import smallest_move
from tierline.training.drift.sample import Sample
from tierline.training.drift.shift import Verdict

#: Share of repeated rows from which on it is told that they count once.
_MANY_REPEATS: Final = 0.01
_ADVICE: Final = (
    "what to do: read some of the recent tickets; have a sample of them labelled (tierline "
    "sample-for-labelling); measure the model on it (tierline evaluate); where it got worse, "
    "retrain. Labels that moved while a sample shows them right are news about your desk, not "
    "about the model."
)


def say(found: Comparison, console: Console) -> None:
    """Print the verdict first, then the tests and what they rest on."""
    verdict = "DRIFT" if found.drift else "no drift"
    _line(console, f"{verdict}: {found.recent.name} against {found.reference.name}")
    for judged in found.verdicts:
        for sentence in judged.sentences:
            _line(console, f"- {sentence}")
    if found.drift:
        _line(console, _ADVICE)
    console.print(_table(found))
    for note in _notes(found):
        _line(console, note)


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def _table(found: Comparison) -> Table:
    alpha = found.limits.alpha
    caption = f"all tests together raise a false alarm in at most {alpha:.1%} of comparisons"
    table = Table(title="reference to recent", caption=caption)
    for column in ("compared", "head", "difference", "p", ""):
        table.add_column(column)
    for v in found.verdicts:
        s = v.shift
        table.add_row(
            s.kind, escape(s.head or ""), escape(s.effect()), f"{s.p_value:.2g}", _judged(v)
        )
    return table


def _judged(verdict: Verdict) -> str:
    if verdict.drift:
        return "drift"
    return "real but small" if verdict.significant else "within chance"


def _notes(found: Comparison) -> list[str]:
    files, limits = (found.reference, found.recent), found.limits
    notes = [_drawn(file, found.seed) for file in files]
    if any(file.repeats >= _MANY_REPEATS for file in files):
        before, now = (f"{file.repeats:.1%}" for file in files)
        notes.append(
            f"repeats count once: {before} of the reference's rows and {now} of the recent ones "
            "begin like an earlier row"
        )
    if not found.embedded:
        why = "no model was named" if found.model is None else "the bundle is too old to embed them"
        notes.append(f"tickets were compared by their words: {why}")
    if found.model is None:
        return [*notes, f"drift is what is significant and at least AUC {limits.auc:g}"]
    points = smallest_move([f.size for f in files], limits, len(found.verdicts))
    notes.append(
        f"drift is what is significant and large enough: AUC {limits.auc:g}, a label's share "
        f"{limits.share_points:g} points, confidence {limits.confidence_points:g} points. So many "
        f"tickets show, four times in five, a label of 20% that moves by {points:.1f} points"
    )
    return notes


def _drawn(file: Sample, seed: int) -> str:
    if file.size == file.different:
        return f"{file.name}: all {file.size:,} different tickets were compared"
    return (
        f"{file.name}: {file.size:,} of {file.different:,} different tickets were compared, "
        f"drawn at random (seed {seed}); --sample takes more"
    )

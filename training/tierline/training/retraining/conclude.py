"""The last step of a retraining: the champion moves, or the reasons are given why it doesn't."""

from dataclasses import replace

from rich.console import Console

from tierline.data.errors import TierlineError
from tierline.training.retraining import registry
from tierline.training.retraining.gate import Verdict
from tierline.training.retraining.outcome import Outcome


def conclude(outcome: Outcome, console: Console) -> Outcome:
    """Say the verdicts, and move the champion where they allow it: the one step that counts.

    Raises:
        TierlineError: when the champion isn't the one that was judged against.
    """
    _say(outcome, console)
    if not outcome.promoted:
        console.print("not promoted; by hand all the same: tierline promote " + outcome.version)
        return outcome
    now = registry.champion()
    if now != outcome.champion:
        raise TierlineError(
            f"expected {_version(outcome.champion)} to be the champion still; found "
            f"{_version(now)}: somebody moved it meanwhile. Run the command again"
        )
    registry.promote(outcome.version)
    console.print(f"promoted: version {outcome.version} is the champion")
    return outcome


def again(outcome: Outcome, back: bool, now: str | None, console: Console) -> Outcome:
    """Repeat a recorded outcome; finish what an interrupted job began, undo no rollback."""
    console.print(f"these inputs were judged already: version {outcome.version}")
    if not outcome.promoted or now == outcome.version:
        _say(outcome, console)
        state = "is the champion" if now == outcome.version else "was not promoted"
        console.print(f"version {outcome.version} {state}")
        return outcome
    if back:
        words = "a person made another version the champion: it isn't promoted again by itself"
        undone = Verdict("not_rolled_back", False, None, None, words)
        outcome = replace(outcome, verdicts=(*outcome.verdicts, undone))
    return conclude(outcome, console)


def _say(outcome: Outcome, console: Console) -> None:
    for line in outcome.lines():
        console.print(line, markup=False, soft_wrap=True, highlight=False)


def _version(number: str | None) -> str:
    return f"version {number}" if number else "no version"

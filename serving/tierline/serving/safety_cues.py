"""A cheap test before the expensive one: letters without which a pattern cannot match.

Most patterns have no chance in most tickets. From a pattern's own source we derive short letter
runs of which any match must contain at least one; a text that has none of them is not searched.
"""

import importlib
from typing import Any, Final

_MOST: Final = 5
_LEAST: Final = 3
_WIDEST: Final = 600


def cues(source: str) -> frozenset[str] | None:
    """Return letter runs of which every match contains one, or None where none are certain."""
    try:
        parsed = importlib.import_module("re._parser").parse(source)
    except (ImportError, AttributeError):  # another interpreter: search every text
        return None
    found = _best(list(parsed))
    return None if found is None else frozenset(found)


def runs(text: str) -> set[str]:
    """Return all letter runs of the lengths that cues have."""
    found: set[str] = set()
    for length in range(_LEAST, _MOST + 1):
        found.update(text[i : i + length] for i in range(len(text) - length + 1))
    return found


def _best(items: list[Any]) -> set[str] | None:
    """Return the rarest set of runs that the sequence cannot do without."""
    best: set[str] | None = None
    for place, (op, value) in enumerate(items):
        for found in (_prefixes(items[place:]), _inner(str(op), value)):
            if found is not None and (best is None or _commonness(found) < _commonness(best)):
                best = found
    return best


def _inner(op: str, value: Any) -> set[str] | None:
    if op == "SUBPATTERN":
        return _best(list(value[3]))
    if op == "MAX_REPEAT" and value[0] > 0:
        return _best(list(value[2]))
    if op != "BRANCH":
        return None
    parts = [_best(list(branch)) for branch in value[1]]
    known = [part for part in parts if part is not None]
    return set().union(*known) if len(known) == len(parts) else None


def _prefixes(items: list[Any]) -> set[str] | None:
    """Return what a match of the sequence may begin with, if that is always long enough."""
    found = {run[:_MOST] for run, _ in _begin(items)}
    usable = 0 < len(found) <= _WIDEST and all(len(run) >= _LEAST for run in found)
    return found if usable else None


def _begin(items: list[Any]) -> set[tuple[str, bool]]:
    """Return possible beginnings, each with whether the sequence goes on right after it."""
    begun = {("", True)}
    for op, value in items:
        if not any(on and len(run) < _MOST for run, on in begun) or len(begun) > _WIDEST:
            break
        step = _step(str(op), value)
        begun = {(run, on) for run, on in begun if not on} | {
            (run + more, goes_on) for run, on in begun if on for more, goes_on in step
        }
    return begun


def _step(op: str, value: Any) -> set[tuple[str, bool]]:
    if op == "LITERAL":
        return {(chr(value), True)}
    if op == "SUBPATTERN":
        return _begin(list(value[3]))
    if op == "BRANCH":
        return {start for branch in value[1] for start in _begin(list(branch))}
    if op == "MAX_REPEAT" and value[:2] == (0, 1):
        return {("", True)} | _begin(list(value[2]))
    if op in {"AT", "ASSERT", "ASSERT_NOT"}:
        return {("", True)}
    return {("", False)}


def _commonness(found: set[str]) -> float:
    return sum(12.0 ** -len(run) for run in found)

"""Hard-coded detection of data loss and security breaches: always on, able only to raise.

`check` reads a ticket's words and returns what fired, with the words. It knows no settings and
no model. A rule is a pattern over folded text (see `words`); a match counts unless a guard finds
that the sentence denies it, only imagines it, asks about prevention, asks for a deletion, tells of
something past and solved, or speaks of something else (see `elsewhere`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tierline.serving.safety.folding import Folded, fold
from tierline.serving.safety.grammar import Pattern
from tierline.serving.safety.patterns import BREACH, LOSS
from tierline.serving.safety.screen import Screen

#: Rule ids are stable: callers may match on them.
DATA_LOSS: Final = "safety.data_loss"
SECURITY_BREACH: Final = "safety.security_breach"
#: The tier that every safety hit goes to, at least.
SAFETY_TIER: Final = 3
TEXTS: Final = {
    DATA_LOSS: "the text reports lost or damaged data",
    SECURITY_BREACH: "the text reports a security breach",
}

_SENTENCE_END: Final = re.compile(
    r"[.!?;]+(?=\s|$)|\n(?=\s*(?:[-*#>]|\d+[.)]))|\bbut\b|\bhowever\b"
)
_AFTERMATH_CHARS: Final = 240


@dataclass(frozen=True)
class SafetyHit:
    """A rule that fired: its id, and the ticket's words that fired it."""

    rule: str
    evidence: str


def check(text: str) -> tuple[SafetyHit, ...]:
    """Return at most one hit per rule, data loss first, for normalised ticket text."""
    folded = fold(text)
    hits = (
        next(_hits(rule, table, folded, text), None)
        for rule, table in ((DATA_LOSS, LOSS), (SECURITY_BREACH, BREACH))
    )
    return tuple(hit for hit in hits if hit is not None)


def united(known: tuple[SafetyHit, ...], found: tuple[SafetyHit, ...]) -> tuple[SafetyHit, ...]:
    """Return the hits of both, at most one per rule, known ones first, in the order of `check`."""
    by_rule = {hit.rule: hit for hit in (*found, *known)}
    return tuple(by_rule[rule] for rule in TEXTS if rule in by_rule)


def _hits(rule: str, table: Screen, folded: Folded, text: str) -> Iterator[SafetyHit]:
    for pattern in table.possible(folded.text):
        for match in pattern.regex.finditer(folded.text):
            if not _excused(pattern, folded.text, match):
                a, b = folded.source(match.start(), match.end())
                yield SafetyHit(rule, " ".join(text[a:b].split()))


def _excused(pattern: Pattern, text: str, match: re.Match[str]) -> bool:
    """Return whether a guard finds that the match reports no incident."""
    start, end = _sentence(text, match.start(), match.end())
    before, after = text[start : match.start()], text[match.end() : end]
    aftermath = text[match.end() : match.end() + _AFTERMATH_CHARS]
    sentence = text[start : end + 1]
    return any(guard(before, match.group(), after, sentence, aftermath) for guard in pattern.guards)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence around a span begins and ends (its mark not included)."""
    window = max(0, start - 300)
    begins = [m.end() for m in _SENTENCE_END.finditer(text, window, start)]
    stop = _SENTENCE_END.search(text, end, end + 300)
    return (begins[-1] if begins else window), (stop.start() if stop else min(len(text), end + 300))

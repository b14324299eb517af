"""Fold text for matching: plain lower-case words, near-typos undone, places kept.

Look-alike and accented letters become ASCII, contractions and chat spellings are written out,
runs of blanks and breaks inside a paragraph or a quotation become one blank, words that were
spelt out ("h.a.c.k.e.d") or divided at a line's end become one word.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz.distance import OSA

from tierline.serving.safety.spelling import (
    CONTRACTIONS,
    HONEST,
    LEET_TARGETS,
    SHORTHAND,
    TYPO_TARGETS,
)

#: A word, or blanks that are to become one. A break before a list item or a blank line stays.
_PIECE: Final = re.compile(
    r"(?<![a-z0-9])[a-z](?:[ ._*-][a-z]){4,}(?![a-z0-9])|[a-z]+-[^\S\n]*\n[> ]*[a-z]+"
    r"|[a-z0-9@$']+|[^\S\n]*\n>[> ]*"
    r"|[^\S\n]*\n(?![^\S\n]*(?:[-*#>\n]|\d{1,3}[.)]))[^\S\n]*|[^\S\n]{2,}|[^\S\n ]"
)
_NO_LETTER: Final = re.compile(r"[^a-z0-9@$']")
#: Shorter words have too many honest neighbours one letter away.
_MIN_TYPO_LENGTH: Final = 6
#: Digits and signs that stand for letters; "1" for either of two.
_LEET: Final = tuple(str.maketrans("013457@$", f"o{one}eastas") for one in "il")
_BY_INITIAL: Final = {
    initial: sorted(w for w in TYPO_TARGETS if w[0] == initial)
    for initial in {w[0] for w in TYPO_TARGETS}
}


@dataclass(frozen=True)
class Folded:
    """Folded text; ``starts[i]`` and ``ends[i]`` bound the source of its i-th character."""

    text: str
    starts: list[int]
    ends: list[int]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that a span of the folded text came from."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Fold ``text``; a word one edit away from an alarming word becomes that word."""
    out, starts, ends = _ascii(text)
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    done = 0
    for match in _PIECE.finditer(out):
        word = match.group()
        letters = _NO_LETTER.sub("", word)
        better = _corrected(letters) if letters else " "
        if better == word:
            continue
        a, b = match.span()
        pieces += [out[done:a], better]
        new_starts += starts[done:a]
        new_starts += [starts[a]] * len(better)
        new_ends += ends[done:a]
        new_ends += [ends[b - 1]] * len(better)
        done = b
    if not pieces:
        return Folded(out, starts, ends)
    new_starts += starts[done:]
    new_ends += ends[done:]
    return Folded("".join([*pieces, out[done:]]), new_starts, new_ends)


def _ascii(text: str) -> tuple[str, list[int], list[int]]:
    if text.isascii():
        places = list(range(len(text) + 1))
        return text.lower(), places[:-1], places[1:]
    out: list[str] = []
    starts: list[int] = []
    for i, char in enumerate(text):
        plain = _plain(char)
        out.append(plain)
        starts += [i] * len(plain)
    return "".join(out), starts, [i + 1 for i in starts]


@lru_cache(maxsize=65536)
def _plain(char: str) -> str:
    return anyascii(char).lower()


@lru_cache(maxsize=65536)
def _corrected(word: str) -> str:
    """Return what ``word`` stands for: written out, or with its one wrong letter put right.

    The first letter must be right: it rarely is mistyped, and it tells breach from reach.
    """
    if word in SHORTHAND:
        return SHORTHAND[word]
    for ending, full in CONTRACTIONS:
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)] + full
    if not word.isalpha() and not word.isdigit():
        for letters in _LEET:
            if (plain := word.translate(letters)) in LEET_TARGETS:
                return plain
    if len(word) < _MIN_TYPO_LENGTH or word in TYPO_TARGETS or word in HONEST:
        return word
    near = (k for k in _BY_INITIAL.get(word[0], ()) if abs(len(k) - len(word)) <= 1)
    return next((k for k in near if OSA.distance(word, k, score_cutoff=1) <= 1), word)

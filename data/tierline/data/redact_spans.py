"""Text as a finder of secrets sees it, and the places that it found.

Authors split or disguise what they write, on purpose or not: full-width digits, zero-width
characters, accents apart from their letters, HTML references. `Plain` undoes that for the
search only and remembers where every character came from, so that the text itself stays.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

_DISGUISED: Final = re.compile(
    r"[^\x00-\x7f]"
    r"|&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});"
    r"|</?(?:b|big|em|font|i|mark|s|small|span|strong|sub|sup|tt|u|wbr) ?/?>"
)
_DROPPED: Final = frozenset({"Mn", "Me", "Cf"})
_DASHES: Final = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_CACHED_PIECES: Final = 4096


class Found(NamedTuple):
    """A place in a text and what stands there; ``kind`` is a placeholder's word."""

    start: int
    end: int
    kind: str


class Plain:
    """A text without disguises; ``text`` is what to search."""

    def __init__(self, source: str) -> None:
        self.text = source
        self._starts: list[int] | None = None
        if not source.isascii() or _DISGUISED.search(source):
            self._undo(source)

    def source(self, found: Found) -> Found:
        """Return the place in the source; invisible characters behind it belong to it."""
        if self._starts is None:
            return found
        return Found(self._starts[found.start], self._starts[found.end], found.kind)

    def _undo(self, source: str) -> None:
        pieces: list[str] = []
        starts: list[int] = []
        done = 0
        for match in _DISGUISED.finditer(source):
            piece = _plain_piece(match[0])
            pieces += [source[done : match.start()], piece]
            starts += range(done, match.start())
            starts += [match.start()] * len(piece)
            done = match.end()
        pieces.append(source[done:])
        starts += range(done, len(source) + 1)
        self.text, self._starts = "".join(pieces), starts


@lru_cache(_CACHED_PIECES)
def _plain_piece(piece: str) -> str:
    """Return the letters, digits and signs that a disguised piece stands for."""
    if piece.startswith("<"):
        return ""
    characters = html.unescape(piece) if piece.startswith("&") else piece
    return "".join(_plain_character(c) for c in unicodedata.normalize("NFKD", characters))


def _plain_character(character: str) -> str:
    if unicodedata.category(character) in _DROPPED:
        return ""
    digit = unicodedata.decimal(character, None)
    return _DASHES.get(character, character) if digit is None else str(digit)

"""Which patterns can be in a text at all: each needs some words, and few texts have them.

RE2's filter (its FilteredRE2) works out of every pattern which strings a match can't do without,
and looks for all of them in one pass. It knows no look-around, so it gets the patterns without:
what matches with one matches without it.
"""

import re
from typing import Final

import re2

from tierline.serving.safety.grammar import Pattern, whole_words

_LOOK_AROUND: Final = ("(?=", "(?!", "(?<=", "(?<!")
#: A pattern's parts that can hold a parenthesis which is none: an escape, or a class of characters.
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


class Screen:
    """A table of patterns, of which it shows those that a text may hold."""

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self.patterns = patterns
        self._filter = re2.Filter()
        for pattern in patterns:
            self._filter.Add(whole_words(without_look_around(pattern.source)))
        self._filter.Compile()

    def possible(self, folded: str) -> list[Pattern]:
        """Return the patterns that a folded text may hold, in their order: all that it does hold.

        The text is lower-case ASCII (see `fold`): beyond it RE2's words and blanks are others than
        Python's.
        """
        return [self.patterns[i] for i in self._filter.Match(folded, potential=True) or ()]


def without_look_around(source: str) -> str:
    """Return a regular expression without its look-aheads and look-behinds."""
    kept, depth = [], 0
    for match in _ATOM.finditer(source):
        atom = match.group()
        if depth:
            depth += {"(": 1, ")": -1}.get(atom, 0)
        elif source.startswith(_LOOK_AROUND, match.start()):
            depth = 1
        else:
            kept.append(atom)
    return "".join(kept)

"""How the safety rules are written: words, gaps, and patterns with the guards that excuse them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

#: Gets the sentence before the match, the match, the rest of the sentence, the whole sentence,
#: and the next words beyond the match; returns True to excuse the match.
Guard = Callable[[str, str, str, str, str], bool]

#: What may stand between two words of a clause.
_BREAK: Final = r"[\s,:'\"()*/-]+"
_PART: Final = r"[a-z0-9@#&+_.%]*[a-z0-9@#&+_%]"
#: A word may have one hyphen or apostrophe. More would let a run of them be read in so many ways
#: as words and breaks that a search takes for ever.
_WORD: Final = rf"{_PART}(?:['-]{_PART})?"


@dataclass(frozen=True)
class Pattern:
    """One way to report an incident, as whole words, and the guards that can excuse it."""

    source: str
    guards: tuple[Guard, ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """What to look for; compiled when it is first asked for."""
        return re.compile(whole_words(self.source))


def patterns(*sources: str, guards: tuple[Guard, ...]) -> tuple[Pattern, ...]:
    """Return a pattern for each source."""
    return tuple(Pattern(source, guards) for source in sources)


def whole_words(source: str) -> str:
    """Return a regular expression that finds ``source`` as whole words only."""
    return rf"\b(?:{source})\b"


def gap(most: int) -> str:
    """Return up to ``most`` words of the same sentence, as few as will do."""
    return rf"(?:{_BREAK}{_WORD}){{0,{most}}}?{_BREAK}"


def near(first: str, second: str, most: int) -> str:
    """Return ``first`` then ``second`` with at most ``most`` words between them."""
    return rf"{first}{gap(most)}{second}"


def either(one: str, other: str, most: int) -> str:
    """Return both in any order with at most ``most`` words between them."""
    return f"{near(one, other, most)}|{near(other, one, most)}"


def words(listing: str) -> str:
    """Return a regular expression for any of the blank-separated words.

    ``+`` at the end adds the plural, ``_`` stands for a blank, a hyphen or nothing. The words
    share their beginnings (a trie), since an alternation is tried word by word.
    """
    trie: dict[str, Any] = {}
    for form in _forms(listing.split()):
        node = trie
        for char in form:
            node = node.setdefault(char, {})
        node[""] = {}
    return _source(trie)


def expand(listing: str) -> frozenset[str]:
    """Return the blank-separated words, and the plurals of those that end in ``+``."""
    return frozenset(_forms(listing.split()))


def any_of(*sources: str) -> str:
    """Return a regular expression for any of the sources."""
    return "(?:" + "|".join(sources) + ")"


def _forms(listing: Iterable[str]) -> Iterable[str]:
    for word in listing:
        if not word.endswith("+"):
            yield word
            continue
        stem = word[:-1]
        yield stem
        if stem.endswith("y") and stem[-2] not in "aeiou":
            yield stem[:-1] + "ies"
        else:
            yield stem + ("es" if stem.endswith(("s", "x", "ch", "sh")) else "s")


def _source(node: dict[str, Any]) -> str:
    branches = [
        (r"[\s-]{0,2}" if char == "_" else re.escape(char)) + _source(below)
        for char, below in node.items()
        if char
    ]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"
    return f"(?:{body})?" if "" in node else body

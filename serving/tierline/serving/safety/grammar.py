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
_WORD: Final = r"[a-z0-9'@#&+_.%-]*[a-z0-9'@#&+_%-]"
#: More or fewer were slower.
_BEHIND_ONE: Final = 20


@dataclass(frozen=True)
class Pattern:
    """One way to report an incident, as whole words, and the guards that can excuse it."""

    source: str
    guards: tuple[Guard, ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """What to look for; compiled when it is first asked for."""
        return _whole_words(self.source)


@dataclass(frozen=True)
class Screened:
    """Patterns behind a screen: it is found in a text where, and only where, one of them is."""

    screen: re.Pattern[str]
    patterns: tuple[Pattern, ...]


def patterns(*sources: str, guards: tuple[Guard, ...]) -> tuple[Pattern, ...]:
    """Return a pattern for each source."""
    return tuple(Pattern(source, guards) for source in sources)


def screened(every: tuple[Pattern, ...]) -> tuple[Screened, ...]:
    """Return the patterns in their order, some behind each screen.

    Few texts report an incident, and one search for any of twenty patterns costs half of
    twenty searches.
    """
    groups = (every[i : i + _BEHIND_ONE] for i in range(0, len(every), _BEHIND_ONE))
    return tuple(Screened(_whole_words("|".join(p.source for p in g)), g) for g in groups)


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


def _whole_words(source: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{source})\b")


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

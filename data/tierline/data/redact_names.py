"""Find people's names where letters name people: in salutations, signatures, behind titles."""

import re
from collections.abc import Iterator
from typing import Final

from tierline.data.redact_spans import Found
from tierline.data.redact_words import NOBODY, PARTICLES, STRONG_CLOSING, WEAK_CLOSING

_START: Final = r"(?:^|(?<=[.!?:;,>(\"*-] )|(?<=[\n\"(>*]))"
_TITLE: Final = (
    r"(?:mrs?|ms|miss|mx|dr|prof(?:essor)?|herrn?|frau|monsieur|madame|mme|mlle|senora?|sra?|dona?"
    r"|senhora?|doctor|dra|ing|dott|ihre?|i\.a|i\.v|pp|im auftrag)\b\.? "
)
_ANY_TITLE: Final = re.compile(_TITLE, re.IGNORECASE)
_SALUTATION: Final = re.compile(
    rf"{_START}(?:dear|hi|hello|hey|hiya|good (?:morning|afternoon|evening)|hallo|lieber?"
    r"|liebes|sehr geehrter?|guten (?:tag|morgen|abend)|moin|servus|gru(?:ss|ß) gott|hola"
    r"|estimad[oa]|querid[oa]|buenos dias|buenas (?:tardes|noches)|bonjour|bonsoir|chere?|salut"
    r"|ola|oi|car[oa]|prezad[oa]|bom dia|boa (?:tarde|noite))\b ",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    rf"{_START}(?:(?P<strong>{STRONG_CLOSING})(?: (?:aus|from|de|desde) [^\W\d_]{{1,20}}(?=\n))?"
    rf"|(?P<weak>{WEAK_CLOSING}))\b"
    r"(?P<gap>[ ,.!:\-\n]{1,6})",
    re.IGNORECASE,
)
#: "-- " or "~" alone, or a dash behind a sentence: list items begin with a dash too.
_DASHED: Final = re.compile(r"(?:^|(?<=\n))(?:--|~) ?\n?|(?<=[.!?] )--? ?")
_TITLED: Final = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Monsieur|Mme|Mlle|Sra?|Senora?|Senhora?)\b\.? "
)
_INTRODUCED: Final = re.compile(
    r"\b(?:my (?:full )?name is|mein name ist|ich hei(?:ss|ß)e|me llamo|mi nombre es|je m'appelle"
    r"|mon nom est|(?:eu )?me chamo|(?:o )?meu nome e) "
    r"|(?:^|(?<=\n))(?:full |contact |customer )?name: ",
    re.IGNORECASE,
)
_NAME_WORD: Final = re.compile(
    r"(?:[^\W\d_]{1,2}\.-?)++(?=[ ,\n]|$)|&(?= )|[^\W\d_]++(?:['’-][^\W\d_]++)*+(?![\w@])"
)
_MAX_WORDS: Final = 5
#: Greetings behind which a name without a capital is known by the comma behind it.
_ALSO_SMALL: Final = frozenset({"dear ", "hi ", "hello ", "hey ", "hallo ", "hola "})
_GROUPS: Final = re.compile(
    r" (?:team|people|support|desk|staff|folks|crew|office|service|help|business|customer|care"
    r"|friends|guys|equipe|equipo)\b",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(r" ?[,.!:;()|/\n<\[]| -|$")
_ENDS_LINE: Final = re.compile(r"[ .!)]{0,3}(?:\n|$)")


def names(text: str) -> Iterator[Found]:
    """Yield names in salutations ("Dear Ms Tanaka,"), in signatures and behind titles.

    Who greets a team, a desk or everyone names nobody. A company greeted by its name looks
    like a person and is taken.
    """
    for match in _SALUTATION.finditer(text):
        yield from _greeted(text, match)
    for match in _CLOSING.finditer(text):
        yield from _signed(text, match)
    for pattern in (_TITLED, _INTRODUCED, _DASHED):
        for match in pattern.finditer(text):
            start = _behind_title(text, match.end())
            end = _capitals_end(text, start)
            ends = _ENDS if "\n" in match[0] else _ENDS_LINE
            if end and (pattern is not _DASHED or ends.match(text, end)):
                yield Found(start, end, "name")


def _greeted(text: str, greeting: re.Match[str]) -> Iterator[Found]:
    start = _behind_title(text, greeting.end())
    end = _capitals_end(text, start)
    if end is None and greeting[0].casefold() in _ALSO_SMALL:
        end = _small_end(text, start, _ENDS)
    if end and not _GROUPS.match(text, end):
        yield Found(start, end, "name")


def _signed(text: str, closing: re.Match[str]) -> Iterator[Found]:
    """Yield the name behind a closing; behind mere thanks it must look like a signature."""
    start = _behind_title(text, closing.end())
    end = _capitals_end(text, start)
    parted = "\n" in closing["gap"] or "," in closing["gap"] or "-" in closing["gap"]
    if end and closing["weak"]:
        told = _ENDS if parted else _ENDS_LINE
        end = end if told.match(text, end) else None
    elif end is None and parted:
        end = _small_end(text, start, _ENDS_LINE)
    if end:
        yield Found(start, end, "name")


def _behind_title(text: str, start: int) -> int:
    title = _ANY_TITLE.match(text, start)
    return title.end() if title else start


def _capitals_end(text: str, start: int) -> int | None:
    """Return where the capitalised words that begin at ``start`` end, particles between them."""
    end, at = None, start
    for _ in range(_MAX_WORDS):
        word = _NAME_WORD.match(text, at)
        if word is None:
            break
        if word[0] != "&" and _is_name(word[0]):
            end = word.end()
        elif end is None or word[0].casefold() not in PARTICLES:
            break
        if text[word.end() : word.end() + 1] != " ":
            break
        at = word.end() + 1
    return end


def _is_name(word: str) -> bool:
    return not word[0].islower() and word.casefold() not in NOBODY


def _small_end(text: str, start: int, ends: re.Pattern[str]) -> int | None:
    """Return the end of one word without a capital that stands alone, as in "hi bob,"."""
    word = _NAME_WORD.match(text, start)
    if word is None or word[0].casefold() in NOBODY or not ends.match(text, word.end()):
        return None
    return word.end()

"""What a written message states beside the times that the policy gave it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tierline.serving.messages.spoken import SpokenSpan, SpokenTime
from tierline.serving.messages.time_words import TIME_WORDS

_UNITS: Final = (
    "min|hours?|hrs?|days?|weeks?|stunden?|std|tage?n?|wochen?|horas?|días?|dias?|semanas?"
    "|heures?|jours?|semaines?|h|minut\\w*|uhr|[ap]m|[ap]\\.m|o.clock"
)
#: A time or duration in digits, in the languages that are packaged.
STATED: Final = re.compile(rf"\d+\s*(?:{_UNITS})\b|\b\d{{1,2}}[:.h]\d{{2}}\b", re.IGNORECASE)
#: Figures that are no times: links and addresses, telephone numbers, what follows a letter.
_LINK: Final = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\w+", re.IGNORECASE)
_PHONE: Final = re.compile(r"(?<![\w.,:/-])(?:\+\d|\(?0\d)[\d ()/.-]{5,}\d(?![\w:/])")
_DATE: Final = re.compile(r"\d[./-]\d{1,2}[./-](?:19|20)\d\d|\d\d:\d\d")
_FIGURE: Final = re.compile(r"(?<![^\W\d_])(?<!\d)\d+")
_GIVEN: Final = "…"
_AROUND: Final = 30


class ShownTier(int):
    """A tier that is told from the figures beside it once it is printed."""

    MARK: Final = "\ue000"

    def __str__(self) -> str:
        return self.MARK


def stated(text: str, language: str, words: Mapping[str, Any]) -> str | None:
    """Return the first words that state a time which isn't one of ``words``, with those around.

    ``words`` are a template's variables, after it was said with them. All figures count but those
    of links, telephone numbers (beginning with + or 0) and names such as ``Office365``; words
    count in the packaged languages.
    """
    rest = _harmless(_without_given(text, language, words), language)
    figures = rest.replace(ShownTier.MARK, "0")
    found = _vague(language, rest) or STATED.search(figures) or _FIGURE.search(rest)
    return None if found is None else _around(rest, found, words)


def stated_in_frame(text: str, language: str) -> str | None:
    """Return what a mail's frame states: words, and figures with a unit or of a clock only."""
    rest = _harmless(text, language)
    found = _vague(language, rest) or STATED.search(rest)
    return None if found is None else _around(rest, found, {})


def _vague(language: str, rest: str) -> "re.Match[str] | None":
    own = TIME_WORDS.get(language)
    if own is None:
        return None
    return re.search(rf"\b(?:{own.minute}|{own.hour}|{own.others})\b", rest, re.IGNORECASE)


def _harmless(text: str, language: str) -> str:
    """Return the text without what only looks like times."""
    rest = _LINK.sub(_GIVEN, text)
    rest = _PHONE.sub(lambda found: found[0] if _DATE.search(found[0]) else _GIVEN, rest)
    own = TIME_WORDS.get(language)
    return rest if own is None else re.sub(rf"\b(?:{own.harmless})\b", _GIVEN, rest, flags=re.I)


def _without_given(text: str, language: str, words: Mapping[str, Any]) -> str:
    """Return the text without the times, severity and reference that a template was given."""
    rest, figures = text, set[str]()
    for piece in sorted(_pieces(words), key=len, reverse=True):
        rest = rest.replace(piece, _GIVEN)
        figures.update(re.findall(r"\d\d+", piece))
    span = words["update_every"]
    if isinstance(span, SpokenSpan) and span.told:
        rest = _without_span(rest, language, span)
        figures |= {str(span.count)} if span.count > 1 else set()
    for figure in figures:
        rest = re.sub(rf"(?<!\d){figure}(?!\d)", _GIVEN, rest)
    return rest


def _without_span(text: str, language: str, span: SpokenSpan) -> str:
    """Return the text without the duration: count and unit, of one (``every hour``) the unit."""
    if language not in TIME_WORDS:
        return text
    count = rf"\b{span.count}\s*" if span.count > 1 else r"(?:\b1\s*|\b(?<!\d\s))"
    unit = TIME_WORDS[language].unit(span.unit)
    return re.sub(rf"{count}(?:{unit})\b", _GIVEN, text, flags=re.IGNORECASE)


def _pieces(words: Mapping[str, Any]) -> Iterator[str]:
    yield words["severity"]
    if words["reference"]:
        yield words["reference"]
    for value in words.values():
        if isinstance(value, SpokenTime):
            yield from (value.date, value.time, value.zone)
        elif isinstance(value, SpokenSpan) and value.told:
            yield value.text


def _around(rest: str, found: "re.Match[str]", words: Mapping[str, Any]) -> str:
    start, end = found.span()
    around = rest[max(0, start - _AROUND) : end + _AROUND].replace("\n", " ")
    return around.replace(ShownTier.MARK, f"{int(words.get('tier', 0))}").strip()

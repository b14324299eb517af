"""Templates of one's own are tried before they are used: every variant, without a customer."""

import re
import traceback
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import cycle, product
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.data.labels import Sentiment, Severity
from tierline.serving.messages.message import Kind
from tierline.serving.messages.spoken import Speech, SpokenSpan
from tierline.serving.messages.stated import STATED, ShownTier, stated, stated_in_frame
from tierline.serving.messages.templates import FILES, LAYOUT, PARTS, PHRASES, Template, Templates
from tierline.serving.policy import TIERS

#: Figures that no template writes by chance, so that its own are told from the policy's.
_SOME_TIMES: Final = (
    datetime(2087, 10, 23, 11, 43, tzinfo=UTC),
    datetime(2091, 12, 19, 22, 58, tzinfo=UTC),
)
_SOME_SPANS: Final = (
    timedelta(hours=137),
    timedelta(minutes=1439),
    timedelta(hours=1),
    timedelta(minutes=1),
)
_REMEDY: Final = (
    "only the policy promises times: use respond_by, resolve_by, update_by or update_every"
)
_MARKUP: Final = re.compile(r"<!--.*?-->|<(style|script|head)\b.*?</\1>|<[^>]*>", re.DOTALL)


def check(templates: Templates, own: Mapping[str, Template]) -> None:
    """Refuse a broken template, with its name and line; ``own`` are those to look at.

    Raises:
        InputError: for the first problem.
    """
    languages = sorted({name.partition("/")[0] for name in own if "/" in name})
    for file in own.values():
        _refuse_times(templates, file)
    for language in languages:
        missing = [n for n in FILES if f"{language}/{n}" not in templates.files]
        if missing:
            raise InputError(f"templates: {language}/ lacks {', '.join(missing)}")
        changed = [k for k in Kind if {f"{language}/{k}.j2", f"{language}/{PHRASES}"} & own.keys()]
        for kind in changed:
            _try_every_variant(templates, language, kind)
    if LAYOUT in own:
        _try_layout(templates)


def _try_layout(templates: Templates) -> None:
    place = templates.files[LAYOUT].place
    for language in templates.languages:
        try:
            page = templates.page(language, "subject", ["words"])
        except Exception as error:
            raise _broken(error, LAYOUT, templates) from None
        if found := stated_in_frame(unescape(_MARKUP.sub(" ", page)), language):
            raise InputError(f"{place}: states a time ({found!r}); {_REMEDY}")


def _refuse_times(templates: Templates, file: Template) -> None:
    from jinja2 import TemplateSyntaxError
    from jinja2.nodes import Const, TemplateData

    try:
        tree = templates.environment.parse(file.source, file.name, file.place)
    except TemplateSyntaxError as error:
        raise InputError(f"{file.place}, line {error.lineno}: {error.message}") from None
    if file.name == LAYOUT:
        return
    texts = [(node.lineno, node.data) for node in tree.find_all(TemplateData)]
    texts += [(node.lineno, str(node.value)) for node in tree.find_all(Const)]
    for start, words in texts:
        if found := STATED.search(words):
            line = start + words[: found.start()].count("\n")
            raise InputError(f"{file.place}, line {line}: states a time ({found[0]!r}); {_REMEDY}")


def _try_every_variant(templates: Templates, language: str, kind: Kind) -> None:
    name = f"{language}/{kind}.j2"
    place = templates.files[name].place
    seen: set[tuple[object, ...]] = set()  # most cases are said in the same words
    for words in variants(language):
        try:
            message = templates.message(language, kind, words)
            said = {part: "\n".join(message.part(part)) for part in PARTS}
        except Exception as error:
            raise _broken(error, name, templates) from None
        if silent := [part for part, text in said.items() if not text]:
            raise InputError(f"{place}: {silent[0]}() says nothing for {_case(words)}")
        span = words["update_every"]
        for part, text in said.items():
            if (told := (text, span and span.count, span and span.told)) in seen:
                continue
            seen.add(told)
            if found := stated(text, language, words):
                phrases = templates.files[f"{language}/{PHRASES}"].place
                raise InputError(
                    f"{place} (with {phrases}): {part}() states a time for {_case(words)}: "
                    f"{found!r}; {_REMEDY}. Figures that are no times can stand in the policy's "
                    "messages.signature"
                )


def variants(language: str) -> Iterator[dict[str, Any]]:
    """Yield variables that lead to every sentence: with all that may be promised, and nothing."""
    speech = Speech.of(language, "UTC")
    told = {"about": "Export", "reference": "T-1", "signature": "Acme"}
    bare = dict.fromkeys(("respond_by", "resolve_by", "update_by", "update_every"))
    nothing = bare | dict.fromkeys(told, "") | {"late": True}
    given: list[tuple[dict[str, Any], SpokenSpan | None]] = [(nothing, None)]
    for span, at in zip(_SOME_SPANS, cycle(map(speech.instant, _SOME_TIMES)), strict=False):
        times = dict.fromkeys(("respond_by", "resolve_by", "update_by"), at)
        given.append((told | times | {"late": False}, speech.span(span)))
    cases = product(given, Severity, TIERS, ("", *map(str, Sentiment)))
    for (words, every), severity, tier, mood in cases:
        case = {"severity": str(severity), "tier": ShownTier(tier), "sentiment": mood}
        # A copy each: whether it was told is found out by case.
        yield case | words | {"update_every": copy(every)}


def _case(words: Mapping[str, Any]) -> str:
    return f"severity {words['severity']}, tier {int(words['tier'])}"


def _broken(error: Exception, name: str, templates: Templates) -> InputError:
    """Return what is wrong, at the line of the template in which it came up."""
    by_place = {file.place: file for file in templates.files.values()}
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in by_place]
    if not frames:
        return InputError(f"{templates.files[name].place}: {type(error).__name__}: {error}")
    place, line = frames[-1].filename, frames[-1].lineno or 1
    if name != LAYOUT:  # Jinja's render does this by itself; what calls macros has to.
        template = templates.environment.get_template(by_place[place].name)
        line = template.get_corresponding_lineno(line)
    return InputError(f"{place}, line {line}: {type(error).__name__}: {error}")

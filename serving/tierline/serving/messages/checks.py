"""Templates of one's own are tried before they are used: every variant, without a customer."""

import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.data.labels import Sentiment, Severity
from tierline.serving.messages.message import Kind
from tierline.serving.messages.spoken import Speech
from tierline.serving.messages.templates import FILES, LAYOUT, PARTS, PHRASES, Template, Templates
from tierline.serving.policy import TIERS

_UNITS: Final = (
    "min|hours?|hrs?|days?|weeks?|stunden?|std|tage?n?|wochen?|horas?|días?|dias?|semanas?"
    "|heures?|jours?|semaines?|h|minut\\w*"
)
#: A time or duration in digits, in the languages that are packaged.
STATED: Final = re.compile(rf"\d+\s*(?:{_UNITS})\b|\b\d{{1,2}}[:.h]\d{{2}}\b", re.IGNORECASE)
_SOME_TIME: Final = datetime(2025, 3, 10, 12, tzinfo=UTC)


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
        try:
            templates.page("en", "subject", ["words"])
        except Exception as error:
            raise _broken(error, LAYOUT, templates) from None


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
            raise InputError(
                f"{file.place}, line {line}: states a time ({found[0]!r}); only the policy "
                "promises times: use respond_by, resolve_by, update_by or update_every"
            )


def _try_every_variant(templates: Templates, language: str, kind: Kind) -> None:
    for words in variants(language):
        name = f"{language}/{kind}.j2"
        try:
            message = templates.message(language, kind, words)
            silent = [part for part in PARTS if not message.part(part)]
        except Exception as error:
            raise _broken(error, name, templates) from None
        if silent:
            place = templates.files[name].place
            raise InputError(f"{place}: {silent[0]}() says nothing for {_case(words)}")


def variants(language: str) -> Iterator[dict[str, Any]]:
    """Yield variables that lead to every sentence: with all that may be promised, and nothing."""
    speech = Speech.of(language, "UTC")
    at, span = speech.instant(_SOME_TIME), speech.span(timedelta(hours=4))
    full = {"respond_by": at, "resolve_by": at, "update_by": at, "update_every": span}
    full |= {"late": False, "about": "Export", "reference": "T-1", "signature": "Acme"}
    bare = dict.fromkeys(full) | {"late": True, "about": "", "reference": "", "signature": ""}
    moods = cycle(("", *map(str, Sentiment)))  # five, so that each meets every severity and tier
    for rest, severity, tier in product((full, bare, full), Severity, TIERS):
        yield {"severity": str(severity), "tier": tier, "sentiment": next(moods), **rest}


def _case(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {words[name] or 'none'}" for name in ("severity", "tier"))


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

"""Take personal data and secrets out of a text: `redact`.

What is found: e-mail addresses, phone numbers, payment cards, IBANs, IP and MAC addresses, keys,
tokens and passwords, names in salutations and signatures. Finders are rules, nothing is learned;
each needs time linear in the text's length, whatever an author sends.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tierline.data.redact_names import names
from tierline.data.redact_network import addresses, emails
from tierline.data.redact_numbers import cards, ibans
from tierline.data.redact_passwords import passwords
from tierline.data.redact_phones import phones
from tierline.data.redact_secrets import secrets
from tierline.data.redact_spans import Found, Plain

#: Where two finders meet, the first one's word stands for the whole place.
_FINDERS: Final[tuple[Callable[[str], Iterator[Found]], ...]] = (
    secrets,
    passwords,
    emails,
    ibans,
    cards,
    addresses,
    phones,
    names,
)
#: What was taken out can change what its neighbours look like; the second round mostly finds
#: nothing.
_MAX_ROUNDS: Final = 6
_WORD: Final = re.compile(r"\w+")
_NOT_SAID: Final = "[…]"
_PLACEHOLDER: Final = re.compile(r"\[[\w ]+\]")


def redact(text: str) -> str:
    """Return the text with placeholders such as ``[email]`` for what nobody else should read.

    The rest of the text stays as it is, and redacting twice changes nothing. The finders see
    through disguises (see `Plain`); markup other than plain inline tags isn't read, so texts
    that may be HTML should be normalised first.
    """
    for _ in range(_MAX_ROUNDS):
        before, text = text, _replaced(text, redacted_spans(text))
        if text == before:
            break
    return text


def left_to_learn(text: str) -> str:
    """Return the text without what `redact` takes out: no placeholder, a space instead."""
    redacted = redact(text)
    return text if redacted == text else _PLACEHOLDER.sub(" ", redacted)


def redact_quotes(quotes: Iterable[str], text: str) -> tuple[str, ...]:
    """Return words quoted from ``text`` without what `redact` takes out of that text.

    A quote alone has lost what gave it away (``hunter2`` without ``password:``), so the whole
    text decides: a word stays only if the redacted text still says it.
    """
    redacted = redact(text)
    if redacted == text:
        return tuple(quotes)
    said = set(_WORD.findall(redacted))
    return tuple(dict.fromkeys(_only_said(redact(quote), said) for quote in quotes))


def redacted_spans(text: str) -> list[Found]:
    """Return the places that one round takes out, in order, none touching another."""
    plain = Plain(text)
    places = [
        (place.start, place.end, rank, place.kind)
        for rank, finder in enumerate(_FINDERS)
        for place in map(plain.source, finder(plain.text))
    ]
    spans: list[tuple[int, int, int, str]] = []
    for start, end, rank, kind in sorted(places):
        if spans and start <= spans[-1][1]:
            first, last, best, word = spans.pop()
            best, word = min((best, word), (rank, kind))
            spans.append((first, max(last, end), best, word))
        else:
            spans.append((start, end, rank, kind))
    return [Found(start, end, kind) for start, end, _, kind in spans]


def _replaced(text: str, spans: Iterable[Found]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end, kind in spans:
        pieces += [text[done:start], f"[{kind}]"]
        done = end
    return "".join([*pieces, text[done:]])


def _only_said(quote: str, said: set[str]) -> str:
    return _WORD.sub(lambda word: word[0] if word[0] in said else _NOT_SAID, quote)

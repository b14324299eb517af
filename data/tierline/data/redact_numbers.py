"""Find payment cards and IBANs: numbers that carry a check of their own."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from tierline.data.redact_spans import Found

_RUN: Final = re.compile(r"\d(?:[ \t\n.\-/_]{0,2}\d)*")
_GROUP: Final = re.compile(r"\d+")
_CARD_DIGITS: Final = range(13, 20)
#: First digits of payment networks; 1 would take timestamps in milliseconds.
_CARD_STARTS: Final = "23456"
_MAX_GROUPS: Final = 10
_SAID_CARD: Final = re.compile(
    r"\b(?:(?:credit|debit|bank|kredit|ec)[ -]?(?:card|karte)|card|karte|kartennummer|kreditkarte"
    r"|tarjeta|carte(?: bancaire)?|cartao|visa|master ?card|amex|maestro)\b"
    r"(?:[ .:#,-]|\b(?:number|no|nr|num|numero|nummer|is|ist|es|est|e|de|ending|my|ends)\b){0,8}$",
    re.IGNORECASE,
)
_CARD_WINDOW: Final = 48
_CVV: Final = re.compile(
    r"\b(?:cvv2?|cvc2?|security code|prufziffer|kartenprufnummer)"
    r"(?:[ .:=#-]|\b(?:is|ist|es|est|e|code)\b){0,6}(\d{3,4})(?!\d)",
    re.IGNORECASE,
)
_IBAN: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2} ?\d{2}(?:[ .-]?[A-Za-z\d]){11,30}")
_SAID_IBAN: Final = re.compile(r"\biban\b.{0,12}$", re.IGNORECASE)
_IBAN_WINDOW: Final = 18
#: Length by country (the SWIFT register).
_IBAN_CHARS: Final = {
    entry[:2]: int(entry[2:])
    for entry in (  # noqa: SIM905
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22"
        " DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21"
        " HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27"
        " MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24"
        " RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22"
        " VG24 XK20"
    ).split()
}


def cards(text: str) -> Iterator[Found]:
    """Yield card numbers that pass Luhn's check, and any number said to be a card's or a CVV."""
    for run in _RUN.finditer(text):
        groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, run.start(), run.end())]
        yield from (Found(a, b, "card") for a, b in _cards_in(text, groups))
    for match in _CVV.finditer(text):
        yield Found(match.start(1), match.end(1), "card")


def ibans(text: str) -> Iterator[Found]:
    """Yield IBANs with the right length and check digits, or with the word IBAN before them."""
    for match in _IBAN.finditer(text):
        start = match.start()
        places = [i for i in range(start, match.end()) if text[i].isalnum()]
        length = _IBAN_CHARS.get(match[0][:2].upper(), 0)
        if not 0 < length <= len(places) or _goes_on(text, places[length - 1] + 1):
            continue
        number = "".join(text[i] for i in places[:length])
        said = _SAID_IBAN.search(text, max(0, start - _IBAN_WINDOW), start)
        if said or _is_iban(number):
            yield Found(start, places[length - 1] + 1, "iban")


def _cards_in(text: str, groups: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the cards among the groups of one run of digits, left to right."""
    ends = list(accumulate((b - a for a, b in groups), initial=0))
    first = 0
    while first < len(groups):
        last = min(len(groups), first + _MAX_GROUPS) - 1
        while last >= first and ends[last + 1] - ends[first] >= _CARD_DIGITS.start:
            if ends[last + 1] - ends[first] in _CARD_DIGITS:
                part = groups[first : last + 1]
                if _is_card(text, part, alone=len(part) == len(groups)):
                    yield part[0][0], part[-1][1]
                    first = last
                    break
            last -= 1
        first += 1


def _is_card(text: str, groups: Sequence[tuple[int, int]], *, alone: bool) -> bool:
    """Return whether the groups are said to be a card, or look like one and pass Luhn's check."""
    start = groups[0][0]
    if _SAID_CARD.search(text, max(0, start - _CARD_WINDOW), start):
        return True
    digits = "".join(text[a:b] for a, b in groups)
    looks = alone or _grouped([b - a for a, b in groups])
    return looks and digits[0] in _CARD_STARTS and _passes_luhn(digits)


def _grouped(sizes: Sequence[int]) -> bool:
    """Return whether the digits stand as on a card: in one, in fours, or as Amex prints them."""
    fours = set(sizes[:-1]) == {4} and sizes[-1] <= 4  # noqa: PLR2004
    return len(sizes) == 1 or fours or sizes in ([4, 6, 5], [4, 6, 4])


def _passes_luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def _is_iban(number: str) -> bool:
    if not number.isascii():
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1].isalnum()

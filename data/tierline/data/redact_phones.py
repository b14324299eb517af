"""Find phone numbers: the library `phonenumbers` says what can be one, the words around what is.

Support tickets are full of other numbers. A number with ``+`` or behind a word like "call" is
taken when it has a phone number's length. Others must be written as a phone number is and
belong to some country's plan, and stand behind no word like "order".
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    ValidationResult,
    is_possible_number_with_reason,
    is_valid_number,
    number_type,
    parse,
)

from tierline.data.redact_spans import Found

_RUN: Final = re.compile(
    r"(?P<number>(?:\(?\+ ?|\()?\d(?:[ .\-/()]{0,2}\d)*)"
    r"(?:,? ?(?:x|ext\.?|extension|durchwahl|poste) ?\d{1,5}\b)?",
    re.IGNORECASE,
)
_MIN_DIGITS: Final = 6
_MAX_DIGITS: Final = 15
_SAID: Final = re.compile(
    r"\b(?:tel|telephone|telefon[eo]?|phone|fone|mobil[e]?|cell(?:ular|phone)?|handy|movil|celular"
    r"|portable|whats ?app|viber|sms|fax|call(?:ed|back)?|ring|dial|text|rufnummer|ruckruf|anrufen"
    r"|erreichbar|llama(?:r|me|dme)?|appele[rz](?:-moi)?|joignable|ligue|ligar|contact|reach"
    r"|(?:my|our|mein[e]?|mi|mon|meu) (?:number|nummer|numero))\b"
    r"(?:[ .:,()-]|\b(?:me|us|him|her|them|back|on|at|is|to|my|our|the|number|no|nr|direct|line"
    r"|unter|auf|ist|al|au|sur|es|est|em|no|new|work|home|private|cell|mobile|please|asap|numero"
    r"|nummer|para|o|el|le|e)\b){0,14}$",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"(?:\b(?:order|case|ticket|ref(?:erence)?|invoice|booking|tag|serial|rma?|ra|po|id|member"
    r"(?:ship)?|customer|account|acct|policy|tracking|parcel|shipment|contract|version|error|code"
    r"|sku|article|item|incident|change|request|quot(?:e|ation)|flight|receipt|document|material"
    r"|lots?|batch|licen[cs]e|patent|player|card|reservation|confirmation|transaction|claim|kunden"
    r"|bestell|rechnungs|kundennummer|bestellnummer|rechnungsnummer|auftrag|pedido|commande"
    r"|factur[ae]|fatura|encomenda|contrato|dossier)\b|#)"
    r"(?:[ .:#_\-/]|\b(?:no|nr|num|number|id|numero|nummer|is|ist|es|est|de|s)\b){0,6}$",
    re.IGNORECASE,
)
_WINDOW: Final = 48
_GLUED: Final = re.compile(r"\w[\-_./#]?$|\b[A-Z]{2,4} $")
_GLUED_BEHIND: Final = re.compile(r"\w|[-_./]\w")
_DATE: Final = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})(?![\d./-])"
)
_AMERICAN: Final = re.compile(r"(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}")
_BRITISH_MOBILE: Final = re.compile(r"07\d{3} ?\d{3} ?\d{3}")
_IBERIAN: Final = re.compile(r"[6-9]\d{2}[ .]\d{3}[ .]\d{3}|[6-9]\d{2}(?:[ .]\d{2}){3}")
#: Plans of the countries whose languages Tierline reads, and the larger neighbours' plans.
_REGIONS: Final = "GB IE DE AT CH FR BE NL ES PT BR IT AU".split()  # noqa: SIM905
#: The library needs a tenth of a millisecond a question; past so many in one text the answer
#: is taken to be yes, so that a hostile text costs little and hides nothing.
_MAX_QUESTIONS: Final = 500


def phones(text: str) -> Iterator[Found]:
    """Yield phone numbers with their extensions."""
    book = _NumberPlans()
    for run in _RUN.finditer(text):
        if _digits(run[0]) >= _MIN_DIGITS and _is_phone(text, run, book):
            yield Found(run.start(), run.end(), "phone")


class _NumberPlans:
    """Asks the library, a limited number of times."""

    def __init__(self) -> None:
        self._left = _MAX_QUESTIONS

    def international(self, number: str) -> bool:
        """Return whether the number has the length of one of its country's numbers."""
        return self._ask(number, None, _is_possible)

    def national(self, number: str, *, mobile: bool) -> bool:
        """Return whether the number is in use in some region, as a mobile number if asked."""
        used = _is_mobile if mobile else is_valid_number
        return any(self._ask(number, region, used) for region in _REGIONS)

    def _ask(self, number: str, region: str | None, fits: Callable[[PhoneNumber], bool]) -> bool:
        if self._left <= 0:
            return True
        self._left -= 1
        try:
            return fits(parse(number, region))
        except NumberParseException:
            return False


def _is_possible(number: PhoneNumber) -> bool:
    return is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def _is_mobile(number: PhoneNumber) -> bool:
    return is_valid_number(number) and number_type(number) == PhoneNumberType.MOBILE


def _digits(written: str) -> int:
    return sum(map(str.isdigit, written))


def _is_phone(text: str, run: re.Match[str], book: _NumberPlans) -> bool:
    # No country's plan knows the extension behind the number.
    number, start = run["number"], run.start()
    if _DATE.match(number):
        return False
    window = max(0, start - _WINDOW)
    if _SAID.search(text, window, start):
        return True
    if _digits(number) > _MAX_DIGITS:
        return False
    if "+" in number:
        return book.international(number)
    if _OTHER.search(text, window, start) or _is_glued(text, run):
        return False
    if number.startswith("00"):
        return book.international("+" + number[2:])
    return _is_national(number, book)


def _is_glued(text: str, run: re.Match[str]) -> bool:
    """Return whether letters join the digits, as in ``WD-3318820`` or ``7741-0093-KX``."""
    before = _GLUED.search(text, max(0, run.start() - 6), run.start())
    return before is not None or _GLUED_BEHIND.match(text, run.end()) is not None


def _is_national(number: str, book: _NumberPlans) -> bool:
    if _AMERICAN.fullmatch(number) or _BRITISH_MOBILE.fullmatch(number):
        return True
    if not number.startswith(("0", "(")) and not _IBERIAN.fullmatch(number):
        return False
    return _digits(number) >= 9 and book.national(number, mobile=number.isdigit())  # noqa: PLR2004

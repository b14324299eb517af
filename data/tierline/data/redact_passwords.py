"""Find passwords, PINs and one-time codes by the words that introduce them."""

import re
from collections.abc import Iterator
from typing import Final

from tierline.data.redact_spans import Found
from tierline.data.redact_words import NO_SECRET

_WORDS: Final = (
    r"pass ?words?|passwor[dt]|passwd|pwd?|psw|passcode|pass|pass ?phrase|kennwort|zugangsdaten"
    r"|contrasena|clave|mot de passe|mdp|senha|palavra[- ]passe|credentials?"
)
_CODES: Final = (
    r"pin(?: code|-code)?|puk|otp|tan|geheimzahl|one[- ]time (?:pass)?(?:code|word)"
    r"|(?:verification|security|sms|2fa|mfa|login|backup|recovery|confirmation|auth\w*|access)"
    r" (?:code|pin)|passcode|bestatigungscode|sicherheitscode|codigo de verificacion"
    r"|code de verification|codigo de verificacao"
)
_KEYS: Final = (
    r"(?:[\w-]{0,20}[ _-])?(?:api|access|secret|private|auth|client|signing|encryption|shared)"
    r"[ _-]?(?:key|token|secret)|\w{0,20}[_-]?(?:token|secret)|apikey"
)
_QUOTED: Final = r"\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|`[^`\n]{1,200}`|“[^”\n]{1,200}”"
_VALUE: Final = rf"(?P<value>{_QUOTED}|[^\s\"'`“]\S*)"
_SET: Final = r"[\"'*]{0,2} {0,3}(?:=>|->|:=|[:=])[* ]{0,4}"
_IS: Final = (
    r"\"? (?:(?:for|fur|de|of|von|da|do)(?: \S{1,40}){1,3} )?"
    r"(?:is|was|ist|lautet|war|es|era|est|etait)(?: now| still)?:? "
)
_PLACEHOLDER: Final = re.compile(r"\[(?:card|email|iban|ip|mac|name|phone|secret|…)\]\W*")
_ENDINGS: Final = ("ed", "ing", "ible", "able")
_TRAILING: Final = ".,;:)>]}\"'`”*"
_LETTERS_AND_DIGITS: Final = re.compile(r"(?=\S*[^\W\d_])(?=\S*\d)|(?=\S*\w)\S*[!#$%&*+=?@^~]\S")
_MIN_MIXED_CHARS: Final = 5
_PIN_DIGITS: Final = range(4, 9)
_SAID: Final = re.compile(rf"\b(?:{_WORDS})(?:{_SET}|{_IS}){_VALUE}", re.IGNORECASE)
_BARE: Final = re.compile(
    rf"\b(?:{_WORDS})(?:(?: \w{{1,12}}){{0,3}} (?:e|to|as|auf|a|en|now|jetzt))?"
    rf"[ /,(]{{1,2}}{_VALUE}",
    re.IGNORECASE,
)
#: "The passcode of the room upstairs is 993311", "a temporary password from your agent: qX7!pLm2".
_FAR: Final = re.compile(
    rf"\b(?:{_WORDS}|{_CODES})\b[^\n.:=]{{1,40}}(?:[:=]| is| ist| es| est)[ \"]{{1,2}}{_VALUE}",
    re.IGNORECASE,
)
_NAMED_BEHIND: Final = re.compile(
    r"(?<![^\s\"'])(?P<value>[^\s\"']{5,64}+)[\"']? (?:as|is|was|als|como|comme) (?:\w{1,6} ){1,2}"
    rf"(?:{_WORDS})\b",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(
    rf"\b(?:zugangsdaten|credentials?|log-?in data|identifiants|credenciales|credenciais){_SET}"
    r"(?P<value>[^\s\[]\S* ?[/|,] ?\S+)",
    re.IGNORECASE,
)
_KEY: Final = re.compile(rf"\b(?:{_KEYS})(?:{_SET}|{_IS}){_VALUE}", re.IGNORECASE)
_CODE: Final = re.compile(
    rf"\b(?:{_CODES})(?:[\"* :=#(-]|\b(?:is|was|ist|lautet|es|est|e|of|number|i got)\b){{1,6}}"
    r"(?P<value>\d(?:[ -]?\d){3,9}|[A-Z\d]{4,10}(?:-[A-Z\d]{4,10}){0,4}\b)(?!\w)",
    re.IGNORECASE,
)
_PHRASE: Final = re.compile(
    r"\b(?:pass ?phrase|(?:seed|recovery|mnemonic|secret) (?:phrase|words))"
    rf"(?:{_SET}|{_IS})(?P<value>[^\s\[][^\n]*)",
    re.IGNORECASE,
)


def passwords(text: str) -> Iterator[Found]:
    """Yield what stands behind a word such as "password", "Passwort" or "PIN".

    Behind a colon or an equals sign it is taken unless it is a word that people say of
    passwords ("expired"); without such a sign it must also look like none (``hunter2``).
    """
    for pattern, fits in _RULES:
        for match in pattern.finditer(text):
            start, end = _trimmed(text, *match.span("value"))
            if start < end and fits(text[start:end]):
                yield Found(start, end, "secret")
    for match in _CODE.finditer(text):
        if any(map(str.isdigit, match["value"])):
            yield Found(*match.span("value"), "secret")
    for pattern in (_PHRASE, _PAIR):
        for match in pattern.finditer(text):
            yield Found(*match.span("value"), "secret")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without quotes around it and a sentence's mark behind it."""
    while start < end and text[end - 1] in _TRAILING:
        end -= 1
    while start < end and text[start] in _TRAILING:
        start += 1
    return start, end


def _is_value(value: str) -> bool:
    word = value.strip("!?").casefold()
    said = word in NO_SECRET or (word.isalpha() and word.endswith(_ENDINGS))
    return not said and not _PLACEHOLDER.fullmatch(value + "]") and len(word) > 1


def _looks_secret(value: str) -> bool:
    return (
        len(value) >= _MIN_MIXED_CHARS
        and _LETTERS_AND_DIGITS.match(value) is not None
        and _is_value(value)
    )


def _looks_secret_or_number(value: str) -> bool:
    return _looks_secret(value) or (value.isdigit() and len(value) in _PIN_DIGITS)


#: Patterns with a value, and what the value must look like behind (or before) such words.
_RULES: Final = (
    (_SAID, _is_value),
    (_BARE, _looks_secret),
    (_KEY, _looks_secret),
    (_FAR, _looks_secret_or_number),
    (_NAMED_BEHIND, _looks_secret),
)

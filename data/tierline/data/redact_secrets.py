"""Find keys and tokens: by the prefix their maker gives them, by their place, by their look."""

import re
from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import Final

from tierline.data.redact_spans import Found

#: Prefixes that their makers publish so that leaked keys are found.
_MAKERS: Final = (
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z\d]{12,}|AIza[\w-]{16,}|ya29\.[\w-]{8,}|GOCSPX-[\w-]{8,}"
    r"|gh[opsur]_\w{10,}|github_pat_\w{10,}|gl(?:pat|dt|rt|cbt)-[\w-]{10,}|ATATT3[\w=-]{10,}"
    r"|[sr]k_(?:live|test)_\w{8,}|pk_live_\w{8,}|whsec_[\w+/=]{8,}|sq0(?:atp|csp)-[\w-]{8,}"
    r"|sk-(?:ant-|proj-|or-)?[\w-]{16,}|hf_\w{16,}|r8_\w{16,}|npm_\w{16,}|pypi-[\w-]{16,}"
    r"|xox[abceoprs]-[\w-]{8,}|xapp-[\w-]{8,}|T[A-Z\d]{7,}/B[A-Z\d]{7,}/\w{12,}"
    r"|SG\.[\w-]{8,}\.[\w-]{8,}|(?:AC|SK)[\da-f]{32}|key-[\da-f]{32}|xkeysib-[\w-]{16,}"
    r"|shp(?:at|ca|pa|ss)_[\da-fA-F]{16,}|dop_v1_\w{16,}|NRAK-[A-Z\d]{16,}|figd_[\w-]{16,}"
    r"|lin_api_\w{16,}|dapi[\da-f]{32}|hv[sb]\.[\w-]{16,}|PMAK-[\w-]{16,}|\d{8,10}:AA[\w-]{30,}"
    r"|eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"
)
_BY_MAKER: Final = re.compile(rf"(?<![A-Za-z\d])(?:{_MAKERS})[\w.~+/=-]*")
_PARAMETERS: Final = (
    r"(?:[\w-]{0,20}[_-])?(?:token|jwt|key|apikey|secret|sig|signature|password|passwd|pwd|pass"
    r"|auth|code|session|sessionid|sid|otp|hash|credential|ticket)"
)
_BY_PLACE: Final = (
    re.compile(r"(?<=://)[^\s/@]{1,200}(?=@)"),
    re.compile(rf"(?<=[?&#;]){_PARAMETERS}=([^\s&#\"'<>]+)", re.IGNORECASE),
    re.compile(
        r"/(?:reset|invite|verify|confirm|magic|activate|login|auth)[\w-]{0,20}/([\w.~=-]{12,})",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:proxy-)?authorization[\"']?[ :=]{1,3}[\"']?"
        r"(?:(?:bearer|basic|token|digest|apikey) )?+"
        r"([^\s\"',\[]{4,})",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:bearer|basic) ([\w.~+/=-]{12,})", re.IGNORECASE),
    re.compile(r"\b(?:set-)?cookie: ?([^\s\[][^\n]{0,4000})", re.IGNORECASE),
)
_PEM: Final = re.compile(r"-----(BEGIN|END) [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LONG: Final = re.compile(r"(?<![\w+/.-])[\w+/-]{12,}={0,2}")
_CUE: Final = re.compile(
    r"key|token|(?<!\[)secret|credential|bearer|signature|schlussel|llave|clave|cle\b|chave|jeton"
    r"|license|licence|lizenz",
    re.IGNORECASE,
)
#: What stack traces are full of.
_ADDRESS: Final = re.compile(r"0x[\da-fA-F]+")
_CHARS_BEFORE: Final = 48
_CHARS_AFTER: Final = 24
#: Bits a character. English words have about 3; random letters and digits of this length more.
_RANDOM_BITS: Final = 3.0
#: From here a mix of small and capital letters and digits is a key, whatever stands beside it.
_SURELY_RANDOM_CHARS: Final = 32


def secrets(text: str) -> Iterator[Found]:
    """Yield private keys, known tokens, credentials in headers and links, and random strings."""
    yield from _private_keys(text)
    for match in _BY_MAKER.finditer(text):
        yield Found(match.start(), match.end(), "secret")
    for pattern in _BY_PLACE:
        for match in pattern.finditer(text):
            yield Found(*match.span(pattern.groups), "secret")
    for match in _LONG.finditer(text):
        if _is_random(match[0]) and (
            _is_surely_random(match[0]) or _has_cue(text, match.start(), match.end())
        ):
            yield Found(match.start(), match.end(), "secret")


def _private_keys(text: str) -> Iterator[Found]:
    """Yield whole blocks; one whose end was cut off reaches to the end of the text."""
    start: int | None = None
    for match in _PEM.finditer(text):
        if match[1] == "BEGIN":
            start = match.start() if start is None else start
        elif start is not None:
            yield Found(start, match.end(), "secret")
            start = None
    if start is not None:
        yield Found(start, len(text), "secret")


def _is_random(word: str) -> bool:
    """Return whether letters and digits are mixed as no word or plain number mixes them."""
    if _ADDRESS.fullmatch(word):
        return False
    kinds = sum(any(map(kind, word)) for kind in (str.isdigit, str.islower, str.isupper))
    return kinds > 1 and any(map(str.isdigit, word)) and _bits(word) >= _RANDOM_BITS


def _is_surely_random(word: str) -> bool:
    mixed = all(any(map(kind, word)) for kind in (str.isdigit, str.islower, str.isupper))
    return mixed and len(word) >= _SURELY_RANDOM_CHARS and word.count("/") + word.count("-") <= 2  # noqa: PLR2004


def _bits(word: str) -> float:
    """Return the word's entropy in bits a character, from its own letter counts."""
    shares = (n / len(word) for n in Counter(word).values())
    return -sum(share * log2(share) for share in shares)


def _has_cue(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _CHARS_BEFORE) : start].rpartition("\n\n")[2]
    return bool(_CUE.search(before) or _CUE.search(text[end : end + _CHARS_AFTER]))

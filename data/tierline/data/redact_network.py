"""Find e-mail addresses, IP addresses and MAC addresses."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from tierline.data.redact_spans import Found

_LOCAL: Final = r"[\w.!#$%&'*+/=?^`{|}~-]"
_DOMAIN: Final = r"[\w-]++(?:\.[\w-]++)++"
_AT: Final = r" ?[\[({] ?(?:at|@) ?[\])}] ?"
_DOT: Final = r"(?:\.| ?[\[({] ?(?:dot|punkt|punto|\.) ?[\])}] ?)"
#: The look-behind and the possessive runs keep it linear: each run is read from its start only.
_EMAIL: Final = re.compile(
    rf"(?:(?<!{_LOCAL}){_LOCAL}++|\"[^\"\n]{{1,64}}\")(?:@| @ ){_DOMAIN}"
    rf"|(?<!{_LOCAL}){_LOCAL}++(?:{_AT}[\w-]++(?:{_DOT}[\w-]++)++| at [\w-]++(?: dot [\w-]++)++)",
    re.IGNORECASE,
)
_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)(?:/\d{1,2}\b)?")
#: Four numbers behind one of these are a version, whatever their size.
_VERSION: Final = re.compile(
    r"(?:\bv|\b(?:ver|version|release|build|firmware|fw|driver|patch|update|app|client))"
    r"[ .:=]{0,3}(?:to |from |is )?$",
    re.IGNORECASE,
)
_VERSION_WINDOW: Final = 24
_IPV6: Final = re.compile(r"(?<![\w:.])[\da-fA-F:]{2,39}(?:\d{0,3}(?:\.\d{1,3}){3})?(?![\w:])")
_MIN_COLONS: Final = 2
_MAC: Final = re.compile(
    r"(?<![\w:-])[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2}){4}(?![\w:-])"
    r"|(?<![\w.])[\da-f]{4}\.[\da-f]{4}\.[\da-f]{4}(?![\w.])",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[Found]:
    """Yield e-mail addresses, spelled out ones (``ann (at) x (dot) example``) too."""
    for match in _EMAIL.finditer(text):
        yield Found(match.start(), match.end(), "email")


def addresses(text: str) -> Iterator[Found]:
    """Yield IPv4, IPv6 and MAC addresses.

    Loopback, unspecified and mask addresses name no machine and stay. So do four numbers of
    which one is above 255 (``16.0.8431.2110``) or before which a word like "version" stands.
    """
    for match in _IPV4.finditer(text):
        if _names_a_machine(match[0].partition("/")[0]) and not _is_version(text, match.start()):
            yield Found(match.start(), match.end(), "ip")
    for match in _IPV6.finditer(text):
        if _is_ipv6(match[0]):
            yield Found(match.start(), match.end(), "ip")
    for match in _MAC.finditer(text):
        if any(c.isdigit() for c in match[0]):
            yield Found(match.start(), match.end(), "mac")


def _names_a_machine(address: str) -> bool:
    try:
        # Leading zeros are how some devices print addresses; `ipaddress` refuses them.
        parsed = IPv4Address(".".join(str(int(part)) for part in address.split(".")))
    except AddressValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified or address.startswith("255."))


def _is_version(text: str, start: int) -> bool:
    return _VERSION.search(text, max(0, start - _VERSION_WINDOW), start) is not None


def _is_ipv6(address: str) -> bool:
    """Tell addresses from times (``04:52:11``) and qualified names (``a::b``)."""
    if address.count(":") < _MIN_COLONS or not any(c.isdigit() for c in address):
        return False
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified)

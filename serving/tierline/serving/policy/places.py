"""Time zones and public holidays, each from the release of a library."""

import warnings
from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from importlib import import_module, metadata, resources
from typing import Final
from zoneinfo import ZoneInfo

_SOME_YEAR: Final = 2024


@cache
def time_zone(name: str) -> ZoneInfo:
    """Return a time zone from the package `tzdata`, so that every machine has the same rules.

    Raises:
        ValueError: when there is none of that name.
    """
    folder = resources.files("tzdata")
    if name not in folder.joinpath("zones").read_text("utf-8").split():
        raise ValueError(
            f'expected an IANA time zone such as "Europe/Berlin" or "UTC"; found {name!r}'
        )
    with folder.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def known_zone(name: str) -> str:
    """Return the name when it is a time zone's."""
    time_zone(name)
    return name


@lru_cache(maxsize=2048)
def holidays_of(code: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country (``DE``) or a part of it (``DE-BE``) in a year.

    Empty for years of which the library `holidays` knows nothing.

    Raises:
        ValueError: when the library is missing, or doesn't know the code.
    """
    try:
        library = import_module("holidays")
    except ImportError:
        raise ValueError(
            "public holidays need the library holidays: pip install 'tierline[calendars]'"
        ) from None
    country, _, part = code.partition("-")
    try:
        with warnings.catch_warnings():
            # Some countries warn that a year lies outside what they know: then it has none.
            warnings.simplefilter("ignore")
            return frozenset(library.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:
        raise ValueError(
            'expected a country or part of one that the library holidays knows, such as "DE" '
            f'or "DE-BE"; found {code!r}'
        ) from None


def known_places(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes when all of them are known."""
    for code in codes:
        holidays_of(code, _SOME_YEAR)
    return codes


def releases(libraries: Iterable[str]) -> dict[str, str]:
    """Return the installed release of each library."""
    return {name: metadata.version(name) for name in libraries}

"""Where notifications go: from the environment or a file, never from a ticket or a request."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tierline.data.errors import InputError
from tierline.serving.notify.sending import is_url
from tierline.serving.policy import TIERS, Policy

PREFIX: Final = "TIERLINE_NOTIFY_"
CONFIG: Final = PREFIX + "CONFIG"
FOLDER: Final = PREFIX + "DIR"


@dataclass(frozen=True)
class Endpoint:
    """One of an audience's URLs; it holds secrets, so it is never printed."""

    audience: str
    number: int
    url: str = field(repr=False)


Endpoints = Mapping[str, tuple[Endpoint, ...]]


def audience_id(name: str) -> str:
    """Return an audience as variables can name it: ``senior-engineers`` is ``senior_engineers``."""
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def known_audiences(policy: Policy) -> frozenset[str]:
    """Return who can be told of something under a policy."""
    names = {"on_call", "manager", *policy.teams, *(f"tier_{n}" for n in TIERS)}
    names |= {who for trigger in policy.triggers for who in trigger.notify}
    names |= {c.on_call for c in policy.calendars.values() if c.on_call is not None}
    return frozenset(map(audience_id, names))


def load_endpoints(environment: Mapping[str, str], policy: Policy) -> Endpoints:
    """Return the URLs by audience; those of the environment replace the file's.

    ``TIERLINE_NOTIFY_ON_CALL`` holds on-call's URLs, separated by blanks;
    ``TIERLINE_NOTIFY_CONFIG`` names a TOML file with a table ``[audiences]``.

    Raises:
        InputError: for an audience that nobody tells anything, or a URL that Apprise doesn't
            know. Neither the URL nor any part of it is named.
    """
    found = dict(_from_file(Path(environment[CONFIG]))) if environment.get(CONFIG) else {}
    found |= dict(_from_variables(environment))
    known = known_audiences(policy)
    for audience, (where, urls) in found.items():
        if audience not in known:
            raise InputError(f"{where}: expected one of {', '.join(sorted(known))}")
        for number, url in enumerate(urls, start=1):
            if not is_url(url):
                raise InputError(
                    f"{where}: URL {number} of {len(urls)} is none that Apprise knows; "
                    "see https://appriseit.com for how they are written"
                )
    return {
        audience: tuple(Endpoint(audience, n, url) for n, url in enumerate(urls))
        for audience, (_, urls) in found.items()
    }


_Found = tuple[str, tuple[str, tuple[str, ...]]]


def _from_variables(environment: Mapping[str, str]) -> Iterator[_Found]:
    for name, value in environment.items():
        if name.startswith(PREFIX) and name not in {CONFIG, FOLDER} and value.strip():
            yield audience_id(name.removeprefix(PREFIX)), (name, tuple(value.split()))


def _from_file(path: Path) -> Iterator[_Found]:
    try:
        audiences = tomllib.loads(path.read_text(encoding="utf-8")).get("audiences")
    except OSError as error:
        raise InputError(f"{CONFIG}: {path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's message may quote the line, and lines hold secrets.
        raise InputError(f"{CONFIG}: {path}: expected TOML in UTF-8") from None
    if not isinstance(audiences, dict):
        raise InputError(f"{CONFIG}: {path}: expected a table [audiences]")
    for name, value in audiences.items():
        urls = [value] if isinstance(value, str) else value
        if not urls or not _are_texts(urls):
            raise InputError(f"{path}: audiences.{name}: expected a URL or a list of URLs")
        yield audience_id(name), (f"{path}: audiences.{name}", tuple(urls))


def _are_texts(values: object) -> bool:
    return isinstance(values, Iterable) and all(isinstance(value, str) for value in values)

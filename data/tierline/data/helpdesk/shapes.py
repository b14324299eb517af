"""Careful looks into JSON that may hold anything: what isn't there as expected is None."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from tierline.data.errors import RowError
from tierline.data.normalise import normalise

Record = Mapping[str, Any]
_NAMED: Final = ("value", "name", "displayName")
_MOST: Final = 1_000_000


def dig(value: Any, path: str) -> Any:
    """Return what stands at a dotted path: through objects, and lists of ``{id, value}``.

    Keys with dots in them are found too. An option such as ``{"value": "Billing"}`` comes back
    as its value, a list of one as its item.
    """
    found = at(value, path)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, Mapping):
        found = next((found[name] for name in _NAMED if name in found), found)
    return found


def at(value: Any, path: str) -> Any:
    """Return what stands at a dotted path as it is, None where nothing does."""
    if isinstance(value, list):
        entries = {str(e.get("id", e.get("fieldId"))): e for e in items(value)}
        value = {name: entry.get("value") for name, entry in entries.items()}
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return at(value.get(head), rest) if dot else None


def items(value: Any) -> list[Record]:
    """Return the objects of a list; none where there is no list."""
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def names(value: Any, separators: str = ",") -> list[str]:
    """Return tags: from a list of texts or of named objects, or from text with separators."""
    if isinstance(value, str):
        return [piece.strip() for piece in re.split(f"[{separators}]", value) if piece.strip()]
    if not isinstance(value, Sequence):
        return []
    bare = [v.get("name", v.get("value")) if isinstance(v, Mapping) else v for v in value]
    return [name.strip() for name in bare if isinstance(name, str) and name.strip()]


def scalars(value: Any) -> list[object]:
    """Return an object's values that are text or numbers."""
    values = value.values() if isinstance(value, Mapping) else ()
    return [v for v in values if isinstance(v, str | int | float) and not isinstance(v, bool)]


def named(value: Any, key: Any) -> Record:
    """Return the object of a list that has this ``id``; an empty one where none has."""
    return next((v for v in items(value) if key is not None and v.get("id") == key), {})


def plain(html: Any) -> Any:
    """Return HTML as plain text; what is no text comes back as it is, to be refused later."""
    return normalise(html) if isinstance(html, str) else html


def contacts(by_customer: Iterable[bool]) -> int:
    """Return how often the customer came: messages in a row, with no answer between, are one."""
    return sum(customer for customer, _ in groupby(by_customer))


def contacts_by_reopening(reopened: Any) -> int | None:
    """Return the least number of contacts: the first, and one for each time it was reopened."""
    count = whole(reopened)
    return None if count is None else 1 + count


def whole(value: Any) -> int | None:
    """Return a count, also where a CSV file has it as text; None when it is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:9])
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if fits else None


def no_words() -> RowError:
    """Return what to say of a conversation that has no word of the customer's."""
    return RowError("expected words of the customer; an agent began this and nobody answered")

"""Times as logs write them: ISO 8601, or day and month in one order or the other."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from typing import Final

from tierline.data.errors import InputError, RowError
from tierline.serving.policy.places import time_zone

_SLASHED: Final = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)


class DateOrder(StrEnum):
    """How a log writes dates that aren't ISO 8601; ISO 8601 is read in any case."""

    ISO = "iso"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name, such as ``Europe/Lisbon``.

    Raises:
        InputError: when there is no such zone.
    """
    if name == "UTC":  # known without any time zone database
        return UTC
    try:
        return time_zone(name)
    except ValueError:
        raise InputError(f"--zone: expected a name such as Europe/Lisbon; found {name!r}") from None


def time_reader(order: DateOrder, zone: tzinfo, latest: datetime) -> Callable[[object], int]:
    """Return a function from a cell to seconds since 1970, UTC.

    A time without a zone is of ``zone``. The function raises a `RowError` that says what was
    expected: no time before 1990 or after ``latest`` can be an event that has happened.
    """

    def checked(at: datetime) -> int:
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        # At the edge of what can be a date the same instant is none in UTC: too early or late here.
        with suppress(OverflowError):
            at = at.astimezone(UTC)
        if not _EARLIEST <= at <= latest:
            raise RowError(f"expected a time between 1990 and now; found the year {at.year}")
        return int(at.timestamp())

    def read(cell: object) -> int:
        if isinstance(cell, str):
            return checked(_from_text(cell.strip(), order))
        if isinstance(cell, datetime):
            return checked(cell)
        if isinstance(cell, date):
            return checked(datetime.combine(cell, time()))
        raise RowError(f"expected a time; found {type(cell).__name__}")

    return read


def _from_text(text: str, order: DateOrder) -> datetime:
    try:
        slashed = None if order is DateOrder.ISO else _SLASHED.fullmatch(text)
        if slashed is None:
            return datetime.fromisoformat(text)
        first, second, year, hour, minute, seconds = (int(part or 0) for part in slashed.groups())
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
        return datetime(year, month, day, hour, minute, seconds)
    except (ValueError, OverflowError):
        raise RowError(f"expected {_EXPECTED[order]}") from None


_EXPECTED: Final = {
    DateOrder.ISO: "an ISO 8601 time (for 31/12/2025 use --dates day-first, or month-first)",
    DateOrder.DAY_FIRST: "a time such as 31/12/2025 23:59, or ISO 8601",
    DateOrder.MONTH_FIRST: "a time such as 12/31/2025 23:59, or ISO 8601",
}

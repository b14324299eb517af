"""Times as help desks write them."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from tierline.data.errors import RowError
from tierline.data.ticket import utc_when_naive

_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_JIRA: Final = re.compile(
    r"(\d{1,2})/([a-z]{3})/(\d\d|\d{4}) (\d{1,2}):(\d\d)(?: ([ap])m)?", re.IGNORECASE
)
_MILLISECONDS_FROM: Final = 100_000_000_000
_CENTURY: Final = 2000


def read_time(value: Any) -> Any:
    """Return a time: ISO 8601, Unix seconds or milliseconds, or Jira's "26/Nov/26 1:18 AM".

    Without a zone it is taken as UTC. None and blank text stay None.

    Raises:
        RowError: for anything else.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value.strip()[:16])
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            return _jira(value) or utc_when_naive(value)
    except (ValueError, OverflowError, OSError):
        pass
    raise RowError(
        "created_at: expected a time such as 2026-11-26T01:18:00Z, "
        "Unix seconds or 26/Nov/26 1:18 AM"
    )


def _jira(text: str) -> datetime | None:
    """Read the default format of Jira's issue navigator, whatever the process's locale."""
    match = _JIRA.fullmatch(text.strip())
    if match is None or match[2].lower() not in _MONTHS:
        return None
    day, month, year = int(match[1]), _MONTHS.index(match[2].lower()) + 1, int(match[3])
    hour = int(match[4])
    if match[6]:
        hour = hour % 12 + (12 if match[6].lower() == "p" else 0)
    year += _CENTURY if len(match[3]) == len("26") else 0
    return datetime(year, month, day, hour, int(match[5]), tzinfo=UTC)

"""When a team is there: what the allocation asks of the calendars."""

from datetime import datetime, timedelta
from typing import Protocol


class Hours(Protocol):
    """The teams' hours."""

    def is_open(self, team: str, at: datetime) -> bool:
        """Return whether someone of the team is there at an instant."""
        ...

    def reached(self, team: str, start: datetime, work: timedelta) -> datetime | None:
        """Return the first open instant after ``work`` of open time since ``start``.

        None when that doesn't come.
        """
        ...


class AlwaysOpen:
    """Teams that are there at every hour."""

    def is_open(self, team: str, at: datetime) -> bool:
        """Return True."""
        return True

    def reached(self, team: str, start: datetime, work: timedelta) -> datetime | None:
        """Return ``start + work``; None where dates end."""
        try:
            return start + work
        except OverflowError:
            return None

"""When a team is there: what the allocation asks of the clock."""

from datetime import datetime, timedelta
from typing import Final

from tierline.serving.clock.covering import hours_of
from tierline.serving.clock.open_time import NEVER, Calendars, deadline, is_open, next_opening
from tierline.serving.policy import Policy

_NO_WORK: Final = timedelta(0)


class Hours:
    """The teams' hours by a policy's calendars."""

    def __init__(self, policy: Policy) -> None:
        self._calendars: dict[str, Calendars] = {
            name: hours_of(policy, name) for name in policy.teams
        }

    def is_open(self, team: str, at: datetime) -> bool:
        """Return whether someone of the team is there at an instant."""
        return is_open(self._calendars[team], at)

    def on_call(self, team: str) -> bool:
        """Return whether the policy names someone who takes what can't wait while it is closed."""
        return any(calendar.on_call for calendar in self._calendars[team])

    def reached(self, team: str, start: datetime, work: timedelta) -> datetime | None:
        """Return the first open instant by which ``work`` of open time has passed, or None."""
        calendars = self._calendars[team]
        opening = next_opening(calendars, start)
        if work <= _NO_WORK or opening is None:
            return opening
        end = deadline(calendars, start, work)
        return None if end == NEVER else next_opening(calendars, end)

"""What of an answer the clock can change, and when it next does."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tierline.serving.clock.covering import Serving, calendar_of
from tierline.serving.clock.deadlines import (
    COVER,
    FILED_IN_FUTURE,
    NO_COVER,
    ON_CALL,
    OVER,
    Deadlines,
    after,
    overdue,
)
from tierline.serving.clock.filed import becomes_past, in_future
from tierline.serving.clock.open_time import NEVER, shifted
from tierline.serving.clock.shown import instant_text
from tierline.serving.policy import Policy
from tierline.serving.routing.conditions import WAITED, Case
from tierline.serving.routing.recommendation import Alternative, Reason
from tierline.serving.teams.answers import Assessment, Change

_MOVING: Final = re.compile(rf"({WAITED}|{OVER})[0-9]+ h [0-9]{{2}} min")


@dataclass(frozen=True)
class Standing:
    """An answer as it stands at one instant: all that may be another one later.

    ``serving``: who serves it now, None where it can wait for its team's hours.
    """

    tier: int
    path: tuple[int, ...]
    team: str
    lane: str
    reasons: tuple[Reason, ...]
    notify: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    assessment: Assessment
    would_change: tuple[Change, ...]
    due: Deadlines
    serving: Serving | None

    def same_as(self, other: "Standing") -> bool:
        """Return whether only the clock's own movement is between the two.

        How long a wait or a delay has lasted moves, and so do the deadlines of a ticket of
        which nobody knows when it was filed.
        """
        return self._still() == other._still()

    def _still(self) -> tuple[object, ...]:
        reasons = tuple((r.rule, r.text, *map(_without_time, r.evidence)) for r in self.reasons)
        due = self.due if self.due.known else None
        beside = (self.alternatives, self.assessment, self.would_change)
        return (self.tier, self.path, self.team, self.lane, reasons, self.notify, *beside, due)


def _without_time(evidence: str) -> str:
    moving = _MOVING.fullmatch(evidence)
    return moving[1] if moving else evidence


def clock_reasons(case: Case, due: Deadlines) -> list[Reason]:
    """Return what the clock adds to an answer's reasons; none of it changes the tier."""
    found = [
        Reason(rule=rule, text=text, evidence=(over,))
        for rule, text, over in overdue(due, case.now)
    ]
    if in_future(case.ticket, case.now) and case.ticket.created_at is not None:
        text = "filed later than now: one of the clocks is wrong, so its time counts from now"
        words = (f"created_at: {case.ticket.created_at.isoformat()}",)
        found.append(Reason(rule=FILED_IN_FUTURE, text=text, evidence=words))
    return found


def cover(serving: Serving, policy: Policy, team: str) -> tuple[Reason | None, str | None]:
    """Return why and who is told of a ticket that can't wait till its team opens."""
    if serving.team == team:
        return None, None
    zone = policy.calendars[calendar_of(policy, team)].zone
    opens = (f"opens: {instant_text(serving.opens, zone)}",) if serving.opens else ()
    closed = f"{team} is closed and this can't wait"
    if serving.team is not None:
        text = f"{closed}: {serving.team} stands in"
        return Reason(rule=COVER, text=text, evidence=opens), serving.team
    if serving.on_call is not None:
        text = f"{closed}: {serving.on_call} takes it"
        return Reason(rule=ON_CALL, text=text, evidence=opens), serving.on_call
    text = f"{team} is closed, this can't wait, and the policy names nobody on call"
    return Reason(rule=NO_COVER, text=text, evidence=opens), None


def next_review(
    case: Case, policy: Policy, present: Standing, at: Callable[[datetime], Standing]
) -> datetime | None:
    """Return the first instant at which the clock alone changes the answer.

    ``at`` gives the answer at a later instant. Only at `_turns` can it differ, so that no other
    is looked at.
    """
    turns = {turn for turn in _turns(case, policy, present) if case.now < turn < NEVER}
    return next((turn for turn in sorted(turns) if not at(turn).same_as(present)), None)


def _turns(case: Case, policy: Policy, present: Standing) -> Iterator[datetime]:
    """Yield every instant at which something that depends on the clock turns."""
    began = _wait_began(case)
    if began is not None:
        yield from (after(shifted(began, wait)) for wait in policy.waits)
    if present.due.known:
        yield after(present.due.respond_by)
        yield after(present.due.resolve_by)
    if (past := becomes_past(case.ticket, case.now)) is not None:
        yield past
    if present.serving is not None and present.serving.until is not None:
        yield present.serving.until


def _wait_began(case: Case) -> datetime | None:
    """Return from when the customer's wait counts, None where nothing is known of it."""
    if case.ticket.waited_minutes is None or case.waited is None:
        return case.ticket.created_at
    return shifted(case.now, -case.waited)

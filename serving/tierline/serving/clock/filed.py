"""From when a ticket's time counts, where its date is missing or lies in the future too."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tierline.data.ticket import Ticket
from tierline.serving.clock.open_time import in_utc, shifted

#: Clocks of two machines may differ by so much before a ticket counts as filed in the future.
TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Filed:
    """From when deadlines count; ``known`` is False where that is only "now", and so moves."""

    at: datetime
    known: bool


def filed(ticket: Ticket, now: datetime, waited: timedelta | None) -> Filed:
    """Return from when the ticket's time counts.

    That is when it was filed, else now less the customer's wait, else now: of a ticket without
    any date the latest that can be right is known, not more. A date in the future (a clock set
    back, or 9999-12-31 for "no date") is taken for none, so that it puts no deadline off.
    """
    created = ticket.created_at
    if created is not None and not in_future(ticket, now):
        return Filed(in_utc(created), known=True)
    if ticket.waited_minutes is not None and waited is not None:
        return Filed(shifted(now, -waited), known=True)
    return Filed(in_utc(now), known=False)


def in_future(ticket: Ticket, now: datetime) -> bool:
    """Return whether the ticket says that it was filed later than now."""
    return ticket.created_at is not None and ticket.created_at - now > TOLERANCE


def becomes_past(ticket: Ticket, now: datetime) -> datetime | None:
    """Return when a date in the future begins to count, None where there is none."""
    if ticket.created_at is None or not in_future(ticket, now):
        return None
    return shifted(ticket.created_at, -TOLERANCE)

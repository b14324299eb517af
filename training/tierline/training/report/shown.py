"""The one place that decides what of a ticket's words a report may show."""

from typing import Final

from tierline.data.redact import redact
from tierline.data.ticket import Ticket

_MOST_CHARS: Final = 400


def shown(text: str) -> str:
    """Return a ticket's first words on one line, with personal data and secrets taken out.

    ``text`` is normalised (`full_text`). It is cut after redacting, so that no half of an
    address stays.
    """
    line = " ".join(redact(text).split())
    return line if len(line) <= _MOST_CHARS else f"{line[:_MOST_CHARS]} …"


def shown_id(ticket: Ticket) -> str | None:
    """Return a ticket's id as `shown`: some systems make it of an address; None without one."""
    return None if ticket.id is None else shown(ticket.id)

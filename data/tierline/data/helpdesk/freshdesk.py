"""Freshdesk: tickets of the API v2 and the CSV export.

Sources: https://developers.freshdesk.com/api/#tickets,
https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

from typing import Any, Final

from tierline.data.helpdesk.desk import LOCK_TAG, Desk
from tierline.data.helpdesk.layout import Cells, Layout
from tierline.data.helpdesk.shapes import (
    Record,
    contacts,
    dig,
    items,
    names,
    no_words,
    plain,
    scalars,
    whole,
)
from tierline.data.helpdesk.times import read_time

_CHANNELS: Final = {
    "1": "email",
    "2": "portal",
    "3": "phone",
    "5": "social",
    "6": "social",
    "7": "chat",
    "9": "web_form",
    "10": "email",
    "12": "chat",
    "13": "chat",
    "twitter": "social",
    "facebook": "social",
    "feedback widget": "web_form",
    "outbound email": "email",
    "whatsapp": "chat",
}
#: Tickets that an agent began by writing to the customer.
_OUTBOUND: Final = ("10", "outbound email")


def _fields(ticket: Record, page: Record, desk: Desk) -> dict[str, Any]:
    tags = names(ticket.get("tags"))
    source = str(ticket.get("source") or "").strip().lower()
    outbound = source in _OUTBOUND
    company = ticket.get("company")
    told = [c for c in items(ticket.get("conversations")) if not c.get("private")]
    attempts: int | None = whole(ticket.get("customer_interactions"))
    if isinstance(ticket.get("conversations"), list):
        attempts = contacts([not outbound, *(bool(c.get("incoming")) for c in told)])
    known = [
        *tags,
        dig(ticket, "company.name"),
        ticket.get("company_name"),
        *scalars(company.get("custom_fields") if isinstance(company, dict) else None),
    ]
    return {
        "id": ticket.get("id"),
        "subject": None if outbound else ticket.get("subject"),
        "body": _first_answer(told) if outbound else _words(ticket, "description"),
        "channel": _CHANNELS.get(source) or (None if source.isdigit() else source),
        "created_at": read_time(ticket.get("created_at")),
        "customer_tier": desk.customer_tier(name for name in known if name),
        "attempts": attempts,
        "current_tier": desk.tier_of([ticket.get("group_name"), ticket.get("group_id")], tags),
        "team": desk.team_of([ticket.get("group_name"), ticket.get("group_id")]),
        "locked_by_human": LOCK_TAG in tags,
    }


def _first_answer(told: list[Record]) -> Any:
    """Return the customer's first answer to a ticket that an agent began."""
    for message in told:
        if message.get("incoming"):
            return _words(message, "body")
    raise no_words()


def _words(value: Record, name: str) -> Any:
    return value.get(f"{name}_text") or plain(value.get(name))


def _problem(ticket: Record) -> str | None:
    if "helpdesk_ticket" in ticket or "display_id" in ticket:
        return "expected tickets of the Freshdesk API v2; found those of version 1"
    if "id" not in ticket or not ticket.keys() & {"subject", "description", "description_text"}:
        return "expected a Freshdesk ticket: 'id' with 'subject' or 'description_text'"
    return None


def _from_csv(cells: Cells) -> dict[str, Any]:
    """Read a line of the CSV export; the description is there if it was picked for the export.

    No page of Freshdesk's names the columns: these are of exports that users show, where
    capitals vary ("Created time", "Created Time").
    """
    interactions = whole(cells.get("customer interactions"))
    return {
        "id": cells.get("ticket id"),
        "subject": cells.get("subject"),
        "description": cells.get("description"),
        "tags": cells.get("tags"),
        "source": cells.get("source"),
        "created_at": cells.get("created time"),
        "group_name": cells.get("group"),
        "company_name": cells.get("company name") or cells.get("company"),
        # Whether the first message is counted isn't documented: the least number holds.
        "customer_interactions": None if interactions is None else max(interactions, 1),
    }


FRESHDESK: Final = Layout(
    title="Freshdesk",
    lists=("tickets", "results"),
    single=("ticket",),
    fields=_fields,
    problem=_problem,
    columns=("Subject", "Created time"),
    from_csv=_from_csv,
)

"""Zendesk: tickets of the API v2, the account's JSON export, and its CSV export.

Sources: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/,
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/,
https://support.zendesk.com/hc/en-us/articles/4408886165402
"""

from typing import Any, Final

from tierline.data.helpdesk.desk import LOCK_TAG, Desk
from tierline.data.helpdesk.layout import Cells, Layout
from tierline.data.helpdesk.shapes import (
    Record,
    contacts,
    contacts_by_reopening,
    dig,
    items,
    named,
    names,
    plain,
    scalars,
)
from tierline.data.helpdesk.times import read_time

_CHANNELS: Final = {
    "mail": "email",
    "web": "web_form",
    "web form": "web_form",
    "web_widget": "web_form",
    "web service": "api",
    "help_center": "portal",
    "mobile": "portal",
    "mobile_sdk": "portal",
    "voice": "phone",
    "phone call": "phone",
    "native_messaging": "chat",
    "messaging": "chat",
    "whatsapp": "chat",
    "sms": "chat",
    "twitter": "social",
    "facebook": "social",
    "instagram_dm": "chat",
}
#: Of the public networks, these ways in are private.
_PRIVATE: Final = ("direct_message", "message")


def _fields(ticket: Record, page: Record, desk: Desk) -> dict[str, Any]:
    tags = names(ticket.get("tags"), r"\s,")
    organization = _beside(ticket, page, "organization")
    group = _beside(ticket, page, "group")
    channel = _channel(ticket)
    comments = [c for c in items(ticket.get("comments")) if c.get("public", True)]
    requester = ticket.get("requester_id") or dig(ticket, "requester.id")
    theirs = [c for c in comments if requester is not None and c.get("author_id") == requester]
    attempts = contacts(c.get("author_id") == requester for c in comments) if theirs else None
    # What an agent noted on the phone says more than the customer's next message.
    answered = bool(theirs) and theirs[0] is not comments[0] and channel != "phone"
    known = [*tags, *names(organization.get("tags"), r"\s,"), organization.get("name", "")]
    return {
        "id": ticket.get("id"),
        "subject": None if answered else ticket.get("subject") or ticket.get("raw_subject"),
        "body": _body(theirs[0]) if answered else ticket.get("description"),
        "channel": channel,
        "created_at": read_time(ticket.get("created_at")),
        "customer_tier": desk.customer_tier(
            [*known, *scalars(organization.get("organization_fields"))]
        ),
        "attempts": attempts or contacts_by_reopening(dig(ticket, "metric_set.reopens")),
        "current_tier": desk.tier_of([group.get("name"), ticket.get("group_id")], tags),
        "team": desk.team_of([group.get("name"), ticket.get("group_id")]),
        "locked_by_human": LOCK_TAG in tags,
    }


def _beside(ticket: Record, page: Record, kind: str) -> Record:
    """Return the ticket's group or organisation: inside it, or side-loaded on its page."""
    inside = ticket.get(kind)
    if isinstance(inside, dict):
        return inside
    return named(page.get(f"{kind}s"), ticket.get(f"{kind}_id"))


def _body(comment: Record) -> Any:
    return comment.get("plain_body") or comment.get("body") or plain(comment.get("html_body"))


def _channel(ticket: Record) -> Any:
    found = dig(ticket, "via.channel")
    if not isinstance(found, str):
        return None
    name = found.strip().lower()
    channel = _CHANNELS.get(name, name)
    private = dig(ticket, "via.source.rel") in _PRIVATE
    return "chat" if channel == "social" and private else channel


def _problem(ticket: Record) -> str | None:
    if "nice_id" in ticket or "nice-id" in ticket:
        return "expected tickets of the Zendesk API v2; found the layout of version 1 or of XML"
    if "id" not in ticket or not ticket.keys() & {"subject", "raw_subject", "description"}:
        return "expected a Zendesk ticket: 'id' with 'subject' or 'description'"
    return None


def _from_csv(cells: Cells) -> dict[str, Any]:
    """Read a line of the CSV export, which has no description unless a column was added.

    The page on exports names no columns: these are of exports that users show, from "Summation
    column" on.
    """
    return {
        "id": cells.get("id"),
        "subject": cells.get("subject"),
        "description": cells.get("description"),
        "tags": cells.get("tags"),
        "via": {"channel": cells.get("via")},
        "created_at": cells.get("created at"),
        "group": {"name": cells.get("group")},
        "organization": {"name": cells.get("organization")},
        "metric_set": {"reopens": cells.get("reopens")},
    }


ZENDESK: Final = Layout(
    title="Zendesk",
    lists=("tickets", "results"),
    single=("ticket",),
    fields=_fields,
    problem=_problem,
    columns=("Id", "Subject"),
    from_csv=_from_csv,
)

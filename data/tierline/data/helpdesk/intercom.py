"""Intercom: conversations of the API 2.x.

Source: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations
"""

from collections.abc import Mapping
from typing import Any, Final

from tierline.data.helpdesk.desk import LOCK_TAG, Desk
from tierline.data.helpdesk.layout import Layout
from tierline.data.helpdesk.shapes import (
    Record,
    at,
    contacts,
    contacts_by_reopening,
    items,
    names,
    no_words,
    plain,
)
from tierline.data.helpdesk.times import read_time

_CHANNELS: Final = {
    "conversation": "chat",
    "facebook": "chat",
    "instagram": "chat",
    "whatsapp": "chat",
    "sms": "chat",
    "push": "chat",
    "twitter": "social",
    "phone_call": "phone",
    "phone_switch": "phone",
}
_CUSTOMERS: Final = ("user", "lead", "contact")
#: Part types that hold what was said; notes, assignments and state changes hold none of it.
_SAID: Final = ("comment", "open", "close", "quick_reply")


def _fields(conversation: Record, page: Record, desk: Desk) -> dict[str, Any]:
    source = conversation["source"]
    tags = names(at(conversation, "tags.tags"))
    said = [p for p in _parts(conversation) if p.get("part_type") in _SAID and p.get("body")]
    kind = source.get("type")
    companies = names(at(conversation, "companies.companies"))
    return {
        "id": conversation.get("id"),
        "subject": _subject(conversation, source),
        "body": _body(source, said),
        "channel": _CHANNELS.get(kind, kind) if isinstance(kind, str) else None,
        "created_at": read_time(conversation.get("created_at")),
        "customer_tier": desk.customer_tier([*tags, *companies]),
        "attempts": _attempts(conversation, source, said),
        "current_tier": desk.tier_of([conversation.get("team_assignee_id")], tags),
        "team": desk.team_of([conversation.get("team_assignee_id")]),
        "locked_by_human": LOCK_TAG in tags,
    }


def _parts(conversation: Record) -> list[Record]:
    held = conversation.get("conversation_parts")
    return items(held.get("conversation_parts")) if isinstance(held, Mapping) else items(held)


def _by_customer(message: Record) -> bool:
    author = message.get("author")
    return isinstance(author, Mapping) and author.get("type") in _CUSTOMERS


def _subject(conversation: Record, source: Record) -> Any:
    """Return what the customer put over the message; a campaign's title is none of theirs."""
    given = plain(source.get("subject")) or conversation.get("title")
    return given if _by_customer(source) else None


def _body(source: Record, said: list[Record]) -> Any:
    """Return what the customer wrote first, which may answer a campaign or an agent."""
    if _by_customer(source):
        return plain(source.get("body"))
    first = next((part for part in said if _by_customer(part)), None)
    if first is None:
        raise no_words()
    return plain(first.get("body"))


def _attempts(conversation: Record, source: Record, said: list[Record]) -> int | None:
    if _parts(conversation):
        return contacts(map(_by_customer, [source, *said]))
    return contacts_by_reopening(at(conversation, "statistics.count_reopens"))


def _problem(conversation: Record) -> str | None:
    if "conversation_message" in conversation:
        return "expected conversations of the Intercom API 2.0 or later; found version 1"
    if "id" not in conversation or not isinstance(conversation.get("source"), Mapping):
        return "expected an Intercom conversation: 'id' with 'source'"
    return None


INTERCOM: Final = Layout(
    title="Intercom",
    lists=("conversations", "data"),
    single=("conversation",),
    fields=_fields,
    problem=_problem,
    no_csv="Intercom's CSV reports hold no messages: export conversations through its API as JSON",
)

"""What a webhook's body says: the ticket it is about, when it was sent, or that it's no matter.

Zendesk: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events,
Jira: https://developer.atlassian.com/cloud/jira/platform/webhooks/,
Freshdesk: https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tierline.data.columns import shown_name
from tierline.data.errors import RowError
from tierline.data.helpdesk.times import read_time

Body = Mapping[str, Any]
_ZENDESK_EVENT: Final = "zen:event-type:"
_ZENDESK_VERSION: Final = "2022-11-06"
_ZENDESK_GONE: Final = ("soft_deleted", "permanently_deleted", "marked_as_spam", "merged")
_JIRA_EVENTS: Final = ("jira:issue_created", "jira:issue_updated")
_FRESHDESK: Final = "freshdesk_webhook"


@dataclass(frozen=True)
class Event:
    """A webhook's matter: a ticket in the help desk's own layout, or what is ignored instead.

    ``sent_at`` is when the help desk says that it happened, None where it doesn't say.
    """

    record: Body | None
    ignored: str = ""
    sent_at: datetime | None = None


def zendesk_event(body: Body) -> Event:
    """Read a ticket event, or ``{"ticket": {...}}`` as a trigger's own JSON body."""
    kind = body.get("type")
    if isinstance(kind, str) and kind.startswith(_ZENDESK_EVENT):
        if body.get("zendesk_event_version") != _ZENDESK_VERSION:
            raise RowError(
                f"zendesk_event_version: expected {_ZENDESK_VERSION}; found another. "
                "Send {'ticket': {...}} from a trigger instead"
            )
        topic, _, change = kind.removeprefix(_ZENDESK_EVENT).partition(".")
        if topic != "ticket" or change in _ZENDESK_GONE:
            return Event(None, shown_name(kind.replace(":", ".")))
        return Event(_object(body, "detail"), sent_at=_time(body.get("time")))
    return Event(_object(body, "ticket"))


def jira_event(body: Body) -> Event:
    """Read an issue created or updated; an issue alone is taken too."""
    kind = body.get("webhookEvent")
    if isinstance(kind, str) and kind not in _JIRA_EVENTS:
        return Event(None, shown_name(kind.replace(":", ".")))
    record = body if kind is None and "fields" in body else _object(body, "issue")
    return Event(record, sent_at=_time(body.get("timestamp")))


def freshdesk_event(body: Body) -> Event:
    """Read an automation's default body, or ``{"ticket": {...}}`` with the API's names."""
    if isinstance(told := body.get(_FRESHDESK), Mapping):
        return Event({str(name).removeprefix("ticket_"): v for name, v in told.items()})
    return Event(_object(body, "ticket"))


def _object(body: Body, name: str) -> Body:
    found = body.get(name)
    if not isinstance(found, Mapping):
        raise RowError(f"{name}: expected an object with the ticket's fields")
    return found


def _time(value: Any) -> datetime | None:
    try:
        found = read_time(value)
    except RowError:
        return None
    return found if isinstance(found, datetime) else None

"""Answer one webhook: which ticket it is about, which tier takes it, and what to set there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, Field

from tierline.data.errors import RowError
from tierline.data.helpdesk import LAYOUTS, Format
from tierline.data.helpdesk.export import Export
from tierline.data.json_text import parse_json
from tierline.data.ticket import Ticket
from tierline.serving.helpdesk import events, signatures
from tierline.serving.helpdesk.changes import changes, safety_mark
from tierline.serving.helpdesk.deliveries import Delivery
from tierline.serving.helpdesk.desks import desk_of
from tierline.serving.helpdesk.events import Body, Event
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision
from tierline.serving.store.deciding import StoreMode


@dataclass(frozen=True)
class Hook:
    """How one help desk's webhooks are checked and read; ``window`` is how late one may come."""

    signed: Callable[[bytes, Mapping[str, str], bytes, datetime], bool]
    event: Callable[[Body], Event]
    window: timedelta | None = None


HOOKS: Final[dict[Format, Hook]] = {
    Format.ZENDESK: Hook(signatures.signed_by_zendesk, events.zendesk_event),
    # The signed body has the time. Jira tries up to five times, 5 to 15 minutes apart.
    Format.JIRA: Hook(signatures.signed_by_jira, events.jira_event, timedelta(hours=2)),
    Format.FRESHDESK: Hook(signatures.sent_by_freshdesk, events.freshdesk_event),
}


class HookAnswer(Recommendation):
    """A recommendation, and what to set on the ticket in the help desk's own words.

    For a ticket that a person has locked ``set`` only marks an incident: the rest is advice.
    ``store`` says how the store stood.
    """

    changes: dict[str, Any] = Field(serialization_alias="set")
    store: StoreMode = StoreMode.NONE


class HookIgnored(BaseModel):
    """An event that is about no ticket that could be routed; nothing to set."""

    ignored: str
    changes: dict[str, Any] = Field(default_factory=dict, serialization_alias="set")


class Replayed(Exception):  # noqa: N818 (no error of ours: the caller's request is refused)
    """A signed request that comes too late."""


Decide = Callable[[Ticket, datetime, Delivery], Decision]


def answer(
    desk: Format,
    policy: Policy,
    decide: Decide,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> HookAnswer | HookIgnored:
    """Answer a request whose signature holds.

    The clock is the event's own where it names one. ``decide`` gets the delivery, to answer it
    once; what there is to set heeds a lock that came since.

    Raises:
        RowError: for what is no ticket of this help desk, without its text.
        Replayed: when the event happened too long ago, or in the future.
    """
    payload = parse_json(body)
    if not isinstance(payload, Mapping):
        raise RowError(f"expected a JSON object; found {type(payload).__name__}")
    hook = HOOKS[desk]
    event = hook.event(payload)
    if event.sent_at and hook.window and abs(now - event.sent_at) > hook.window:
        raise Replayed
    if event.record is None:
        return HookIgnored(ignored=event.ignored)
    clock = now if event.sent_at is None else min(now, event.sent_at)
    delivery = Delivery.of(desk, headers, body, dated=event.sent_at is not None)
    decision = decide(_ticket(desk, policy, event.record), clock, delivery)
    found = decision.recommendation
    if decision.ticket.locked_by_human:
        to_set = safety_mark(desk, found, event.record)
    else:
        to_set = changes(desk, policy, found, event.record)
    return HookAnswer(**dict(found), changes=to_set)


def _ticket(desk: Format, policy: Policy, record: Body) -> Ticket:
    row = Export(LAYOUTS[desk], desk_of(policy, desk)).row(1, record, {})
    return row.ticket if row.named else row.ticket.model_copy(update={"id": None})

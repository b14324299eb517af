"""Hand a ticket on: decide, make the packet with the steps that are done, and keep where it stands.

Without a store, or while it is away, the packet is made all the same, with the steps it is told.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tierline.data.errors import StoreError
from tierline.data.ticket import Ticket
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.packet import Done, Notes, Packet
from tierline.serving.routing.router import Decision, Router
from tierline.serving.store.deciding import StoreMode, remembered, standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandedOn:
    """A packet with the decision behind it, the decision's id, and how the store stood."""

    decision: Decision
    packet: Packet
    ids: list[str]
    store: StoreMode


def hand_on(
    router: Router, store: "Store | None", ticket: Ticket, notes: Notes, now: datetime
) -> HandedOn:
    """Return the packet for the team that takes the ticket.

    The decision is the one under the severity that the notes state, else the ticket, else what
    the store remembers. It is recorded once the packet is made: a refused hand-off leaves nothing
    in the store.

    Raises:
        InputError: for a false claim in the notes, or a severity that the policy doesn't know.
    """
    policy = router.policy
    if notes.severity is not None:
        ticket = ticket.model_copy(update={"stated_severity": notes.severity})
    told = standing(store, [ticket], policy)
    (made,) = router.decide(told.tickets, now, told.never)
    named = store if ticket.id is not None and told.store is StoreMode.ON else None
    before = _done_before(named, made) if named is not None else ()
    packet = make_packet(made.ticket, made.recommendation, policy, now, notes, before or ())
    found = remembered(store, policy, told, [made], now)
    kept = named is None or (before is not None and _kept(named, packet, notes))
    return HandedOn(made, packet, found.ids, found.store if kept else StoreMode.AWAY)


def _done_before(store: "Store", made: Decision) -> tuple[Done, ...] | None:
    """Return the steps done of a hand-off to the same tier and team; None: the store is away."""
    try:
        known, answer = store.checklist(made.ticket.id or ""), made.recommendation
    except StoreError as error:
        _log_away(error)
        return None
    if known is None or (known.tier, known.team) != (answer.tier, answer.team):
        return ()
    return known.done


def _kept(store: "Store", packet: Packet, notes: Notes) -> bool:
    """Keep the hand-off's steps; return whether the store took them."""
    try:
        store.put_handoff(packet, notes.done)
    except StoreError as error:
        _log_away(error)
        return False
    return True


def _log_away(error: StoreError) -> None:
    log.error("the hand-off's steps can't be kept (%s)", error)

"""Hand a ticket on: decide, make the packet with the steps that are done, and keep where it stands.

Without a store, or while it is away, the packet is made all the same, with the steps it is told.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tierline.data.errors import StoreError
from tierline.data.ticket import Ticket
from tierline.serving.handoff.making import answer_with, make_packet
from tierline.serving.handoff.packet import Done, Notes, Packet
from tierline.serving.routing.router import Decision, Router
from tierline.serving.store.deciding import StoreMode, decide

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

    Raises:
        InputError: for a false claim in the notes, or a severity that the policy doesn't know.
    """
    found = decide(router, store, [ticket], now)
    (made,), mode = found.made, found.store
    made = replace(made, recommendation=answer_with(made, router.policy, now, notes))
    before: tuple[Done, ...] = ()
    named = store if ticket.id is not None else None
    try:
        if named is not None and mode is StoreMode.ON:
            before = _done_before(named, made)
        packet = make_packet(made.ticket, made.recommendation, router.policy, now, notes, before)
        if named is not None and mode is StoreMode.ON:
            named.put_handoff(packet, notes.done)
    except StoreError as error:
        log.error("the hand-off's steps can't be kept (%s)", error)
        mode = StoreMode.AWAY
        packet = make_packet(made.ticket, made.recommendation, router.policy, now, notes, before)
    return HandedOn(made, packet, found.ids, mode)


def _done_before(store: "Store", made: Decision) -> tuple[Done, ...]:
    """Return the steps done of a hand-off to the same tier and team."""
    known, answer = store.checklist(made.ticket.id or ""), made.recommendation
    if known is None or (known.tier, known.team) != (answer.tier, answer.team):
        return ()
    return known.done

"""Decide a webhook once: what was answered to a delivery is answered to the next one, too."""

import logging
import time
from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from tierline.data.errors import TierlineError
from tierline.data.ticket import Ticket
from tierline.serving.helpdesk.deliveries import Delivery, Past
from tierline.serving.policy import Policy
from tierline.serving.routing.decision import held_tier
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision, Router
from tierline.serving.store.deciding import Decided, StoreMode, Told, remembered, standing
from tierline.serving.teams.exclusions import against, issue_types_of

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)
#: Answers kept in memory: until the store has them, and all there is without a store.
_KEPT: Final = 1_000
#: With a store they are forgotten then, at the next webhook: what is erased there goes here, too.
_KEPT_SECONDS: Final = 600.0
_TURNS: Final = 64


class Deliveries:
    """The answers given to webhooks lately; those of before, and of other servers, by the store."""

    def __init__(self, store: "Store | None") -> None:
        self._store = store
        self._lately: OrderedDict[str, tuple[float, Past]] = OrderedDict()
        self._lock = Lock()
        self._turns = [Lock() for _ in range(_TURNS)]

    def decide(self, router: Router, ticket: Ticket, at: datetime, delivery: Delivery) -> Decided:
        """Return the decision of this delivery, made now or before; it is recorded once."""
        self._forget()
        # Two deliveries of one event at once would be decided twice.
        with self._turns[int(delivery.digest, 16) % _TURNS]:
            told = standing(self._store, [ticket], router.policy)
            name, past = delivery.decision(
                at, self._find, lambda past: _obeys(past.answer, told, router.policy)
            )
            if past is None:
                found = self._made(router, told, at, name)
                self._keep(name, Past(found.made[0].recommendation, at))
                return found
        answer = past.answer.model_copy(update={"id": ticket.id})
        ids = [] if told.store is StoreMode.NONE else [name]
        return Decided([Decision(told.tickets[0], None, answer, told.never)], ids, told.store)

    def _made(self, router: Router, told: Told, at: datetime, name: str) -> Decided:
        made = router.decide(told.tickets, at, told.never)
        if self._store is None:
            return Decided(made, [], told.store)
        return remembered(self._store, router.policy, told, made, at, [name])

    def _find(self, name: str) -> Past | None:
        if (found := self._lately.get(name)) is not None:
            return found[1]
        if self._store is None:
            return None
        try:
            return self._store.past(name)
        except TierlineError as error:
            log.error("decision %s can't be read (%s)", name, error)
            return None

    def _keep(self, name: str, past: Past) -> None:
        with self._lock:
            self._lately[name] = time.monotonic(), past
            if len(self._lately) > _KEPT:
                self._lately.popitem(last=False)

    def _forget(self) -> None:
        """Forget what the store has had for a while; while it is away nothing can be erased."""
        if self._store is None or self._store.status.state == "away" or self._store.status.waiting:
            return
        with self._lock:
            due = time.monotonic() - _KEPT_SECONDS
            while self._lately and next(iter(self._lately.values()))[0] <= due:
                self._lately.popitem(last=False)


def _obeys(answer: Recommendation, told: Told, policy: Policy) -> bool:
    """Return whether the answer is still what people say.

    No exclusion keeps the ticket from its team, but for a held one, which stays; and nobody
    states another severity.
    """
    (ticket,) = told.tickets
    if ticket.stated_severity not in (None, answer.severity):
        return False
    if held_tier(ticket, policy, unsafe=answer.is_incident) is not None:
        return True
    return not against(answer.team, told.never.beside(policy), ticket, issue_types_of(answer))

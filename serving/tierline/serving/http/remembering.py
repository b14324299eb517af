"""Answers that a store remembers; whatever the store does, the answer is given."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from tierline.data.ticket import Ticket
from tierline.serving.http.model_state import ModelState
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision, Router

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)
DECISION_HEADER: Final = "X-Tierline-Decision"
STORE_HEADER: Final = "X-Tierline-Store"


class StoreState(BaseModel):
    """``on``, or ``away``: then decisions wait on this machine. ``lost`` is 0 unless both fail."""

    state: str
    problem: str | None
    waiting: bool
    lost: int


@dataclass(frozen=True)
class Answered:
    """Answers with what they were made from, and the ids of the decisions in a store."""

    made: list[Decision]
    answers: list[Recommendation]
    decisions: list[str]
    headers: dict[str, str]


async def answer(state: ModelState, store: "Store | None", tickets: Sequence[Ticket]) -> Answered:
    """Route on the engine's threads: the event loop goes on taking requests meanwhile.

    Raises:
        Overloaded: when too much waits already.
    """
    router, engine, now = state.router, state.engine, datetime.now(UTC)
    with engine.admit(len(tickets)):
        if store is None:
            made, ids = await engine.decide(router, tickets, now), []
        else:
            timed = engine.metrics.stage("store").time
            # Waiting for a database is no work for a core.
            with timed():
                placed = await asyncio.to_thread(_placed, store, tickets)
                never = await asyncio.to_thread(store.exclusions_beside, router.policy)
            made = await engine.decide(router, placed, now, never)
            with timed():
                ids = await engine.compute(_recorded, store, router, made, now)
    answers = [decision.recommendation for decision in made]
    return Answered(made, answers, ids, store_headers(store, ids))


def store_state(store: "Store | None") -> StoreState | None:
    """Return what any caller may know of the store; the log has the rest."""
    if store is None:
        return None
    found = store.status
    problem = None if found.problem is None else "the store is away; see the server's log"
    return StoreState(state=found.state, problem=problem, waiting=found.waiting, lost=found.lost)


def decide(
    router: Router, store: "Store | None", tickets: Sequence[Ticket], now: datetime
) -> tuple[list[Decision], list[str]]:
    """Return decisions under the store's locks and exclusions, and their ids there."""
    if store is None:
        return router.decide(tickets, now), []
    made = router.decide(_placed(store, tickets), now, store.exclusions_beside(router.policy))
    return made, _recorded(store, router, made, now)


def store_headers(store: "Store | None", ids: Sequence[str]) -> dict[str, str]:
    """Return whether the store is there, and the id of a single decision."""
    if store is None:
        return {}
    decision = {DECISION_HEADER: ids[0]} if len(ids) == 1 else {}
    return {STORE_HEADER: store.status.state if ids else "away"} | decision


def _placed(store: "Store", tickets: Sequence[Ticket]) -> Sequence[Ticket]:
    try:
        return store.with_locks(tickets)
    except Exception as error:
        log.error("locks can't be read (%s)", type(error).__name__)
        return tickets


def _recorded(store: "Store", router: Router, made: Sequence[Decision], now: datetime) -> list[str]:
    try:
        return store.record(made, router.policy, now)
    except Exception as error:
        log.error("decisions can't be recorded (%s)", type(error).__name__)
        return []

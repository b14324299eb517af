"""What answers over HTTP say of the store: in ``store``, beside ``mode``, and in headers."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from tierline.data.ticket import Ticket
from tierline.serving.http.model_state import ModelState
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.store.deciding import Decided, StoreMode, remembered, standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

DECISION_HEADER: Final = "X-Tierline-Decision"
STORE_HEADER: Final = "X-Tierline-Store"


class StoreState(BaseModel):
    """``on``, or ``away``: then decisions wait on this machine. ``lost`` is 0 unless both fail."""

    state: str
    problem: str | None
    waiting: bool
    lost: int


class Routed(Recommendation):
    """A recommendation as the API gives it.

    ``store`` says how the store stood, as ``mode`` does of the model. ``away``: locks and
    exclusions that this server hadn't seen before didn't count.
    """

    store: StoreMode

    @classmethod
    def of(cls, answer: Recommendation, store: StoreMode) -> "Routed":
        """Return an answer with how the store stood."""
        return cls(**dict(answer), store=store)


async def answer(state: ModelState, store: "Store | None", tickets: Sequence[Ticket]) -> Decided:
    """Route on the engine's threads: the event loop goes on taking requests meanwhile.

    Raises:
        Overloaded: when too much waits already.
    """
    router, engine, now = state.router, state.engine, datetime.now(UTC)
    with engine.admit(len(tickets)):
        if store is None:
            return Decided(await engine.decide(router, tickets, now), [], StoreMode.NONE)
        timed = engine.metrics.stage("store").time
        # Waiting for a database is no work for a core, and must not wait for a model that hangs.
        with timed():
            told = await asyncio.to_thread(standing, store, tickets, router.policy)
        made = await engine.decide(router, told.tickets, now, told.never)
        with timed():
            return await asyncio.to_thread(remembered, store, router.policy, told, made, now)


def store_state(store: "Store | None") -> StoreState | None:
    """Return what any caller may know of the store; the log has the rest."""
    if store is None:
        return None
    found = store.status
    problem = None if found.problem is None else "the store is away; see the server's log"
    return StoreState(state=found.state, problem=problem, waiting=found.waiting, lost=found.lost)


def store_headers(mode: StoreMode, ids: Sequence[str] = ()) -> dict[str, str]:
    """Return how the store stood, and the id of a single decision; nothing without a store."""
    if mode is StoreMode.NONE:
        return {}
    return {STORE_HEADER: mode.value} | ({DECISION_HEADER: ids[0]} if len(ids) == 1 else {})

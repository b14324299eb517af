"""``POST /v1/route`` and ``/v1/route/batch``."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response

from tierline.serving.http.model_state import ModelState
from tierline.serving.http.rate_limit import charge
from tierline.serving.http.refusing import REFUSALS, refuse_unknown_severities
from tierline.serving.http.remembering import Routed, answer, store_headers
from tierline.serving.http.schemas import Answers, Batch, Explained, TicketIn
from tierline.serving.live.explaining import explanation
from tierline.serving.notify.notifier import Notifier
from tierline.serving.policy import Policy
from tierline.serving.routing.retired import present_labels
from tierline.serving.routing.router import Decision
from tierline.serving.store.deciding import Decided, StoreMode

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

Explain = Annotated[
    bool, Query(description="Say of each label which words spoke for it and against it.")
]


def routing_router(
    state: ModelState, store: "Store | None", notifier: Notifier | None
) -> APIRouter:
    """Return the two resources; of a batch a ``notifier`` tells people of the incidents only."""
    router = APIRouter(responses=REFUSALS)

    @router.post("/v1/route")
    async def route(
        ticket: TicketIn, response: Response, later: BackgroundTasks, explain: Explain = False
    ) -> Explained | Routed:
        """Recommend a tier for one ticket."""
        refuse_unknown_severities(state.router.policy, [ticket])
        found = await answer(state, store, [ticket])
        response.headers.update(store_headers(found.store, found.ids))
        later.add_task(_tell, notifier, found.made)
        return (await _shown(state, found, explain))[0]

    @router.post(
        "/v1/route/batch", response_model_exclude=None if store is not None else {"decisions"}
    )
    async def route_batch(
        batch: Batch,
        request: Request,
        response: Response,
        later: BackgroundTasks,
        explain: Explain = False,
    ) -> Answers:
        """Recommend a tier for each of up to 256 tickets."""
        refuse_unknown_severities(state.router.policy, batch.tickets, "tickets")
        charge(request, len(batch.tickets))
        found = await answer(state, store, batch.tickets)
        response.headers.update(store_headers(found.store, found.ids))
        incidents = [made for made in found.made if made.recommendation.is_incident]
        later.add_task(_tell, notifier, incidents)
        answers = await _shown(state, found, explain)
        return Answers(answers=answers, store=found.store, decisions=found.ids)

    return router


def _tell(notifier: Notifier | None, made: Iterable[Decision]) -> None:
    if notifier is not None:
        for one in made:
            notifier.tell(one.ticket, one.recommendation, datetime.now(UTC))


async def _shown(state: ModelState, found: Decided, explain: bool) -> list[Explained | Routed]:
    if not explain:
        return [Routed.of(made.recommendation, found.store) for made in found.made]
    policy, compute = state.router.policy, state.engine.compute
    return [await compute(_explain, made, found.store, policy) for made in found.made]


def _explain(decision: Decision, store: StoreMode, policy: Policy) -> Explained:
    said, _ = present_labels(decision.prediction, policy)
    account = {} if said is None else explanation(said)
    return Explained(**dict(decision.recommendation), store=store, explanation=account)

"""``POST /v1/route`` and ``/v1/route/batch``."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response

from tierline.serving.http.model_state import ModelState
from tierline.serving.http.rate_limit import charge
from tierline.serving.http.refusing import REFUSALS
from tierline.serving.http.remembering import answer
from tierline.serving.http.schemas import Answers, Batch, Explained, TicketIn
from tierline.serving.live.explaining import explanation
from tierline.serving.notify.notifier import Notifier
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

Explain = Annotated[
    bool, Query(description="Say of each label which words spoke for it and against it.")
]


def routing_router(
    state: ModelState, store: "Store | None", notifier: Notifier | None
) -> APIRouter:
    """Return the two resources; a ``notifier`` tells people of single tickets only."""
    router = APIRouter(responses=REFUSALS)

    @router.post("/v1/route")
    async def route(
        ticket: TicketIn, response: Response, later: BackgroundTasks, explain: Explain = False
    ) -> Explained | Recommendation:
        """Recommend a tier for one ticket."""
        found = await answer(state, store, [ticket])
        response.headers.update(found.headers)
        if notifier is not None:
            later.add_task(notifier.tell, ticket, found.answers[0], datetime.now(UTC))
        return (await _explained(state, found.made))[0] if explain else found.answers[0]

    @router.post(
        "/v1/route/batch", response_model_exclude=None if store is not None else {"decisions"}
    )
    async def route_batch(
        batch: Batch, request: Request, response: Response, explain: Explain = False
    ) -> Answers:
        """Recommend a tier for each of up to 256 tickets."""
        charge(request, len(batch.tickets))
        found = await answer(state, store, batch.tickets)
        response.headers.update(found.headers)
        answers = await _explained(state, found.made) if explain else found.answers
        return Answers(answers=answers, decisions=found.decisions)

    return router


async def _explained(state: ModelState, made: list[Decision]) -> list[Explained | Recommendation]:
    return [await state.engine.compute(_explain, decision) for decision in made]


def _explain(decision: Decision) -> Explained | Recommendation:
    said = decision.prediction
    account = {} if said is None else explanation(said)
    return Explained(**dict(decision.recommendation), explanation=account)

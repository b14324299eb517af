"""Where a ticket's hand-off stands, over HTTP: seen, a step set done, begun anew."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from tierline.data.errors import InputError
from tierline.serving.handoff.packet import Done
from tierline.serving.http.problem import Problem
from tierline.serving.store.forms import Checklist, Removed, TicketId

_NEVER = "this ticket wasn't handed on; POST /v1/handoff makes its packet"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (401, 404, 409, 413, 422)
}


def checklist_router(there: Callable[[], Any]) -> APIRouter:
    """Return the resource of the store that ``there`` gives."""
    router = APIRouter(prefix="/v1", responses=_REFUSALS, tags=["store"])
    Here = Annotated[Any, Depends(there)]  # noqa: N806
    TicketPath = Annotated[TicketId, Path()]  # noqa: N806

    @router.get("/checklists/{ticket:path}", response_model=Checklist)
    def checklist(store: Here, ticket: TicketPath) -> Checklist | JSONResponse:
        """Say to whom a ticket was handed on last, and which steps are done."""
        return store.checklist(ticket) or _refusal(_NEVER, 404)

    @router.put("/checklists/{ticket:path}", response_model=Checklist)
    def set_done(store: Here, ticket: TicketPath, done: Done) -> Checklist | JSONResponse:
        """Say that a step of a ticket's last hand-off is done: by whom, and when."""
        try:
            return store.set_done(ticket, done) or _refusal(_NEVER, 404)
        except InputError as error:
            return _refusal(str(error), 422)

    @router.delete("/checklists/{ticket:path}")
    def begin_anew(store: Here, ticket: TicketPath) -> Removed:
        """Forget a ticket's hand-off: the next one begins anew."""
        return Removed(removed=store.remove_handoff(ticket))

    return router


def _refusal(error: str, status: int) -> JSONResponse:
    return JSONResponse(Problem(error=error).model_dump(), status)

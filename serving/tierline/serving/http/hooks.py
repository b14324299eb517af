"""``POST /v1/hooks/...``: help desks' own webhooks, answered with what to set on the ticket."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from tierline.data.errors import RowError
from tierline.data.helpdesk import LAYOUTS, Format
from tierline.data.ticket import Ticket
from tierline.serving.helpdesk.deliveries import Delivery
from tierline.serving.helpdesk.hook import HOOKS, HookAnswer, HookIgnored, Replayed, answer
from tierline.serving.helpdesk.secrets import VARIABLES, HookSecrets
from tierline.serving.http.deliveries import Deliveries
from tierline.serving.http.model_state import ModelState
from tierline.serving.http.problem import Problem
from tierline.serving.http.rate_limit import admit
from tierline.serving.http.refusing import see_docs
from tierline.serving.http.remembering import store_headers
from tierline.serving.live.within import WithinDeadline
from tierline.serving.notify.notifier import Notifier
from tierline.serving.routing.router import Decision
from tierline.serving.store.deciding import StoreMode

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

_REFUSED: Final = "expected a request signed with this hook's secret, not long ago"
_UNREADABLE: Final = "the body is no ticket event of this help desk"
Reply = HookAnswer | HookIgnored | Response


def path_of(desk: Format) -> str:
    """Return where a help desk's hook is."""
    return f"/v1/hooks/{desk}"


def hooks_router(
    state: ModelState,
    store: "Store | None",
    secrets: HookSecrets,
    notifier: Notifier | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """Return the hooks' resources.

    A ``store`` remembers what they are answered, a ``notifier`` tells people. A
    hook needs no API key: its signature says who calls.
    """
    router, deliveries = APIRouter(), Deliveries(store)
    refusals: dict[int | str, dict[str, Any]] = {n: {"model": Problem} for n in (401, 404, 413)}
    for desk in HOOKS:
        router.add_api_route(
            path_of(desk),
            _endpoint(desk, state, deliveries, secrets, notifier, clock),
            methods=["POST"],
            name=f"{desk}_hook",
            summary=f"{LAYOUTS[desk].title} Hook",
            response_model=HookAnswer | HookIgnored,
            responses=refusals,
        )
    return router


def _endpoint(
    desk: Format,
    state: ModelState,
    deliveries: Deliveries,
    secrets: HookSecrets,
    notifier: Notifier | None,
    clock: Callable[[], datetime],
) -> Callable[[Request, Response], Awaitable[Any]]:
    async def endpoint(request: Request, response: Response) -> Reply:
        """Check a help desk's webhook and answer with the tier and what to set."""
        secret = secrets.known.get(desk)
        if secret is None:
            if refused := admit(request, None):
                return refused
            return _refuse(404, f"this hook is off: set {VARIABLES[desk]} and restart the server")
        body = await request.body()
        now = clock()
        signed = HOOKS[desk].signed(secret, request.headers, body, now)
        if refused := admit(request, desk if signed else None):
            return refused
        if not signed:
            return _refuse(401, _REFUSED)
        router, mode = WithinDeadline(state.router, state.engine), StoreMode.NONE

        def decided(ticket: Ticket, at: datetime, delivery: Delivery) -> Decision:
            nonlocal mode
            found = deliveries.decide(router, ticket, at, delivery)
            mode, (one,) = found.store, found.made
            response.headers.update(store_headers(mode, found.ids))
            if notifier is not None:
                notifier.tell(one.ticket, one.recommendation, at)
            return one

        asked = (desk, router.policy, decided, request.headers, body, now)
        try:
            found = await state.engine.run(answer, *asked)
            if not isinstance(found, HookAnswer):
                return found
            unset: dict[str, Any] = {"changes": {}} if state.advice_only else {}
            return found.model_copy(update={"store": mode, **unset})
        except Replayed:
            return _refuse(401, _REFUSED)
        except RowError as error:
            return _refuse(422, _UNREADABLE + see_docs(request), str(error))

    return endpoint


def _refuse(status: int, error: str, *details: str) -> JSONResponse:
    return JSONResponse({"error": error, "details": list(details)}, status)

"""The HTTP API: a thin last layer over the router, made by `create_app`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from tierline.data.columns import shown_name
from tierline.data.label_book import LabelBook
from tierline.data.ticket import Ticket
from tierline.models.runtime.certificate import Certificate
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.body_limit import BodyLimit
from tierline.serving.http.documentation import app_with_docs
from tierline.serving.http.handing import handing_router
from tierline.serving.http.hooks import hooks_router
from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.model_state import ModelSource, ModelState, Readiness
from tierline.serving.http.problem import Problem
from tierline.serving.http.queue_api import queue_router
from tierline.serving.http.remembering import (
    Routed,
    StoreState,
    answer,
    store_headers,
    store_state,
)
from tierline.serving.http.store_api import add_store
from tierline.serving.messages.templates import Templates
from tierline.serving.notify.notifier import Notifier
from tierline.serving.policy import Policy
from tierline.serving.routing.known_labels import correct_labels
from tierline.serving.store.deciding import StoreMode

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

MAX_BATCH: Final = 256
MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024
_EXAMPLE: Final[JsonDict] = {
    "id": "T-1042",
    "subject": "Export fails",
    "body": "The invoice export stops at 90% for our whole finance team, closing is today.",
    "channel": "email",
    "customer_tier": "enterprise",
    "waited_minutes": 150,
}


class Batch(BaseModel):
    """Up to 256 tickets, answered in order."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"tickets": [_EXAMPLE]}]},
    )

    tickets: list[Ticket] = Field(min_length=1, max_length=MAX_BATCH)


class Answers(BaseModel):
    """One recommendation per ticket, in the order of the request.

    ``store`` says of all of them how the store stood. ``decisions`` are their ids there, where
    the server has one.
    """

    answers: list[Routed]
    store: StoreMode
    decisions: list[str] | None = None


class Ready(BaseModel):
    """What the server can do: ``full``, ``rules_only``, or ``not_ready`` while it loads.

    ``store`` is absent from a server without one.
    """

    status: Readiness
    problem: str | None = None
    store: StoreState | None = None


class ModelInfo(BaseModel):
    """Which model and policy answer, and what was measured of the model."""

    mode: Readiness
    model_version: str | None
    policy_version: str
    encoder: str | None = None
    labels: dict[str, tuple[str, ...]] = {}
    metrics: dict[str, Any] = {}
    certificate: Certificate | None = None
    promise: str | None = None


def create_app(
    policy: Policy,
    source: ModelSource | None,
    keys: ApiKeys,
    *,
    store: "Store | None" = None,
    hooks: HookSecrets = HookSecrets(),  # noqa: B008 (frozen)
    templates: Templates | None = None,
    notifier: Notifier | None = None,
    book: LabelBook | None = None,
    docs: bool = True,
) -> FastAPI:
    """Return the API; ``source`` loads the model when the server starts (None: rules only).

    A ``store`` remembers what is answered; it is closed with the server. ``hooks`` holds the
    secrets of the help desks whose webhooks are answered. ``templates`` are those of messages
    (None: the packaged ones). A ``notifier`` tells people of what is routed or handed on one by
    one, never of batches; it is closed with the server. A label ``book`` says which old labels
    corrections may still name. Without ``docs`` the API has no pages about itself.
    """
    state = ModelState(policy, source)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(state.load())
        if store is not None:
            await asyncio.to_thread(store.start)
        yield
        loading.cancel()
        if store is not None:
            await asyncio.to_thread(store.close)
        if notifier is not None:
            await asyncio.to_thread(notifier.close)

    app = app_with_docs(
        docs,
        title="Tierline",
        summary="Recommends a support tier for a ticket, by when to answer it, and why.",
        version="1",
        lifespan=lifespan,
        responses={422: {"model": Problem}},
    )
    app.add_middleware(BodyLimit, limit=MAX_REQUEST_BYTES)
    app.add_exception_handler(RequestValidationError, _refuse)
    header = APIKeyHeader(name="X-API-Key", auto_error=False)

    def admitted(key: Annotated[str | None, Depends(header)]) -> None:
        if not keys.admit(key):
            raise _Unauthorised

    app.add_exception_handler(_Unauthorised, _unauthorised)
    guarded = [Depends(admitted)]
    refusals: dict[int | str, dict[str, Any]] = {401: {"model": Problem}, 413: {"model": Problem}}

    @app.post("/v1/route", dependencies=guarded, responses=refusals)
    async def route(ticket: TicketIn, response: Response, later: BackgroundTasks) -> Routed:
        """Recommend a tier for one ticket."""
        found = await answer(state.router, store, [ticket])
        response.headers.update(store_headers(found.store, found.ids))
        (made,) = found.made
        if notifier is not None:
            later.add_task(notifier.tell, made.ticket, made.recommendation, datetime.now(UTC))
        return Routed.of(made.recommendation, found.store)

    @app.post(
        "/v1/route/batch",
        dependencies=guarded,
        responses=refusals,
        response_model_exclude=None if store else {"decisions"},
    )
    async def route_batch(batch: Batch, response: Response) -> Answers:
        """Recommend a tier for each of up to 256 tickets."""
        found = await answer(state.router, store, batch.tickets)
        response.headers.update(store_headers(found.store, found.ids))
        answers = [Routed.of(made.recommendation, found.store) for made in found.made]
        return Answers(answers=answers, store=found.store, decisions=found.ids)

    app.include_router(hooks_router(state, store, hooks, notifier))

    app.include_router(handing_router(state, store, templates, notifier), dependencies=guarded)

    app.include_router(queue_router(state, store), dependencies=guarded, responses=refusals)

    @app.get("/v1/model", dependencies=guarded, responses={401: {"model": Problem}})
    async def model() -> ModelInfo:
        """Say which model and policy answer."""
        return _model_info(state)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process is up."""
        return {"status": "up"}

    @app.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
    async def readyz() -> JSONResponse:
        """Say what the server can do now; 503 while the model loads."""
        ready = Ready(status=state.readiness, problem=state.public_problem)
        if store is not None:
            ready.store = store_state(store)
        status = 503 if state.readiness is Readiness.LOADING else 200
        return JSONResponse(ready.model_dump(mode="json", exclude_unset=True), status)

    def labels() -> dict[str, tuple[str, ...]]:
        predictor = state.router.predictor
        return correct_labels(policy, predictor.manifest.heads if predictor else (), book)

    add_store(app, store, policy, labels, guarded)
    return app


class TicketIn(Ticket):
    """One ticket; only the words are needed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]}
    )


class _Unauthorised(Exception):  # noqa: N818
    pass


def _model_info(state: ModelState) -> ModelInfo:
    predictor = state.router.predictor
    policy_version = state.router.policy.version
    if predictor is None:
        return ModelInfo(mode=state.readiness, model_version=None, policy_version=policy_version)
    manifest = predictor.manifest
    return ModelInfo(
        mode=state.readiness,
        model_version=predictor.version,
        policy_version=policy_version,
        encoder=manifest.encoder,
        labels={head.name: head.labels for head in manifest.heads},
        metrics=manifest.metrics,
        certificate=manifest.certificate,
        promise=manifest.certificate.statement if manifest.certificate else None,
    )


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 with each field and what was expected, never with the input."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    details = [f"{_place(e)}: {_message(e)}" for e in error.errors()]
    problem = Problem(error="the request doesn't fit the schema; see /docs", details=details)
    return JSONResponse(problem.model_dump(), 422)


def _place(error: Any) -> str:
    """Return the field's path; a field that nobody asked for has a name of the caller's."""
    return ".".join(shown_name(str(part)) for part in error["loc"])


def _message(error: Any) -> str:
    """Return pydantic's message, without the input that some messages quote."""
    quoting = {"value_error", "json_invalid"}
    return "not readable as what is expected here" if error["type"] in quoting else error["msg"]


async def _unauthorised(request: Request, error: Exception) -> JSONResponse:
    problem = Problem(error="expected a valid API key in the header X-API-Key")
    return JSONResponse(problem.model_dump(), 401)

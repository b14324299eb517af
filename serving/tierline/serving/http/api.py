"""The HTTP API: a thin last layer over the router, made by `create_app`."""

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from tierline.data.label_book import LabelBook
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.body_limit import BodyLimit
from tierline.serving.http.documentation import app_with_docs
from tierline.serving.http.guard import body_wanted, key_needed
from tierline.serving.http.handing import handing_router
from tierline.serving.http.hooks import hooks_router, path_of
from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.model_state import ModelSource
from tierline.serving.http.observing import Observing
from tierline.serving.http.parts import Parts
from tierline.serving.http.queue_api import queue_router
from tierline.serving.http.rate_limit import RateLimit
from tierline.serving.http.refusing import ANYWHERE, REFUSALS, add_refusals
from tierline.serving.http.routing_api import routing_router
from tierline.serving.http.status_api import admin_router, status_router
from tierline.serving.http.store_api import add_store
from tierline.serving.live.budget import Budget
from tierline.serving.live.options import Live
from tierline.serving.live.rate import RateLimiter
from tierline.serving.messages.templates import Templates
from tierline.serving.notify.notifier import Notifier
from tierline.serving.policy import Policy
from tierline.serving.routing.known_labels import correct_labels

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024
#: FastAPI's own traces and logs would name paths, queries and errors' messages: see live/traces.
_UNTOLD: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
_ADVICE: Final = {"X-Tierline-Advice": "only"}


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
    live: Live = Live(),  # noqa: B008 (frozen)
) -> FastAPI:
    """Return the API; ``source`` loads the model when the server starts (None: rules only).

    A ``store`` remembers what is answered; it is closed with the server. ``hooks`` holds the
    secrets of the help desks whose webhooks are answered. ``templates`` are those of messages
    (None: the packaged ones). A ``notifier`` tells people of what is routed or handed on one by
    one, and of a batch's incidents, but not where answers are advice only; it is closed with the
    server. A label ``book`` says which old labels corrections may still name. Without ``docs``
    the API has no pages about itself. ``live`` says how much is taken on, and what runs beside.
    """
    parts = Parts(policy, source, live, store, notifier)
    state, told = parts.state, None if live.advice_only else notifier

    def labels() -> dict[str, tuple[str, ...]]:
        predictor = state.router.predictor
        return correct_labels(policy, predictor.manifest.heads if predictor else (), book)

    app = app_with_docs(
        docs,
        title="Tierline",
        summary="Recommends a support tier for a ticket, by when to answer it, and why.",
        version="1",
        lifespan=parts.running,
        responses=ANYWHERE,
        telemetry=_UNTOLD,
        # Where to would be told by the caller's own Host header.
        redirect_slashes=False,
    )
    _add_layers(app, parts, keys, hooks)
    add_refusals(app, parts.metrics, keys)
    guarded = [key_needed(keys)]
    app.include_router(routing_router(state, store, told), dependencies=guarded)
    app.include_router(hooks_router(state, store, hooks, told))
    app.include_router(handing_router(state, store, templates, told), dependencies=guarded)
    app.include_router(queue_router(state, store), dependencies=guarded, responses=REFUSALS)
    app.include_router(status_router(parts, keys))
    app.include_router(admin_router(state, keys))
    add_store(app, store, policy, labels, guarded)
    return app


def _add_layers(app: FastAPI, parts: Parts, keys: ApiKeys, hooks: HookSecrets) -> None:
    """Add what stands before every resource; the last one added comes first."""
    limits, metrics = parts.live.limits, parts.metrics
    app.add_middleware(
        BodyLimit,
        limit=MAX_REQUEST_BYTES,
        seconds=limits.body,
        budget=Budget(limits.bodies),
        metrics=metrics,
        welcome=body_wanted(keys, {path_of(desk) for desk in hooks.known}),
    )
    if limits.rate is not None:
        limiter = RateLimiter(limits.rate, limits.burst)
        app.add_middleware(RateLimit, limiter=limiter, keys=keys, metrics=metrics)
    app.add_middleware(
        Observing,
        metrics=metrics,
        traces=parts.live.traces,
        more=_ADVICE if parts.live.advice_only else None,
    )

"""What every request gets: an id, a line in the log, figures, a trace, and safe headers."""

import asyncio
import logging
import re
import time
import uuid
from contextlib import nullcontext
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tierline.serving.http.refusing import stopping, unexpected
from tierline.serving.live.logs import request_id
from tierline.serving.live.metrics import Metrics
from tierline.serving.live.safe_headers import NOTHING_LOADS, SAFE_HEADERS
from tierline.serving.live.traces import Traces

log = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
#: Ids of callers are taken over if they can't be words.
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Asked for every few seconds: figures yes, a line in the log no.
_UNLOGGED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_PAGES: Final = frozenset({"/docs", "/redoc", "/docs/oauth2-redirect"})
#: In figures and logs: the caller had gone before anything was answered.
_GONE: Final = 499


class Observing:
    """ASGI middleware, the outermost one. ``more`` headers are added to every answer."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        traces: Traces | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        self._app, self._metrics, self._traces = app, metrics, traces
        self._headers = SAFE_HEADERS | (more or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        name = _id_of(headers)
        before = request_id.set(name)
        begun, status, answered = time.perf_counter(), 500, False

        async def noting(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                self._add_headers(MutableHeaders(scope=message), scope["path"], name)
            await send(message)

        try:
            with self._span(scope, headers) as span:
                try:
                    await self._app(scope, receive, noting)
                    status = status if answered else _GONE
                except asyncio.CancelledError:
                    # The server stops, and its time for what it had taken is over.
                    if answered:
                        raise
                    await stopping()(scope, receive, noting)
                finally:
                    if span is not None:
                        span.update_name(f"{_method(scope)} {_resource(scope)}")
                        span.set_attribute("http.response.status_code", status)
        except Exception:
            # Caught in here, so that this answer has an id and its headers, too.
            log.exception("an error of ours")
            if not answered:
                await unexpected()(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - begun)
            request_id.reset(before)

    def _span(self, scope: Scope, headers: Headers) -> Any:
        return nullcontext() if self._traces is None else self._traces.span(_method(scope), headers)

    def _add_headers(self, headers: MutableHeaders, path: str, name: str) -> None:
        headers[REQUEST_ID] = name
        headers.update(self._headers)
        if path not in _PAGES:
            headers["Content-Security-Policy"] = NOTHING_LOADS

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        resource = _resource(scope)
        self._metrics.requests.labels(resource, str(status)).observe(seconds)
        if resource in _UNLOGGED:
            return
        fields = {
            "method": _method(scope),
            "resource": resource,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        log.info("request", extra={"fields": fields})


def _id_of(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex


def _method(scope: Scope) -> str:
    """Return the method if it is one; a caller may send any word."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def _resource(scope: Scope) -> str:
    """Return the resource's pattern: paths themselves may hold tickets' ids."""
    return getattr(scope.get("route"), "path", "other")

"""Refuse large, slow and too many requests before anything parses them."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tierline.serving.http.problem import Problem
from tierline.serving.http.refusing import busy
from tierline.serving.live.budget import Budget, Held
from tierline.serving.live.limits import Limits
from tierline.serving.live.metrics import Metrics

_TOO_LARGE: Final = 413
_TOO_SLOW: Final = 408
_COME_AGAIN_SECONDS: Final = 1


class BodyLimit:
    """ASGI middleware: 413 for bodies over ``limit`` bytes, declared or counted.

    408 for those that take more than ``seconds`` to come in. Nobody works on a request before all
    of it is here, so a slow caller holds a connection and nothing else. 429 for those that are too
    large for what is left of the ``budget`` of all, or are dropped as the largest for another one;
    each gives its bytes back when it is answered.

    Of a caller who isn't ``welcome`` no body is read: the app answers as if there were none.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        seconds: float,
        budget: Budget | None = None,
        metrics: Metrics | None = None,
        welcome: Callable[[Scope], bool] = lambda scope: True,
    ) -> None:
        self._app, self._limit, self._seconds = app, limit, seconds
        self._budget, self._metrics = budget or Budget(Limits().bodies), metrics
        self._welcome = welcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._welcome(scope):
            await self._app(scope, _replaying(b"", receive), send)
            return
        with self._budget.request() as held:
            try:
                async with asyncio.timeout(self._seconds) as patience:
                    with held.coming(partial(_end, patience)):
                        found = await self._read(scope, receive, held)
            except TimeoutError:
                found = self._too_slow()
            except ClientDisconnect:
                return
            if held.dropped:
                found = self._too_many()
            if isinstance(found, Response):
                await found(scope, receive, send)
                return
            await self._app(scope, _replaying(found, receive), send)

    async def _read(self, scope: Scope, receive: Receive, held: Held) -> bytes | Response:
        """Return the body, or what refuses it; anything once the request is dropped.

        Raises:
            ClientDisconnect: when the caller has gone: there is nobody to answer.
        """
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            return self._too_large()
        # Not a list of what comes: of a body that comes byte by byte that would be a large one.
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > self._limit:
                return self._too_large()
            if not held.grow(len(body) - held.size):
                return b""
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> Response:
        error = f"expected a body of at most {self._limit:,} bytes; found more"
        found = Problem(error=error, details=["send fewer tickets at once, or shorter ones"])
        return JSONResponse(found.model_dump(), _TOO_LARGE)

    def _too_slow(self) -> Response:
        found = Problem(error=f"expected the whole request within {self._seconds:g} s")
        return JSONResponse(found.model_dump(), _TOO_SLOW, {"connection": "close"})

    def _too_many(self) -> Response:
        if self._metrics is not None:
            self._metrics.refused.labels("bodies").inc()
        error = "too much is being sent at once; come again later, or send less at once"
        return busy(error, _COME_AGAIN_SECONDS)


def _end(patience: asyncio.Timeout) -> None:
    # One that is past in this very turn of the loop can't be changed any more, and needn't.
    if not patience.expired():
        patience.reschedule(0.0)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body as one message, and then what else the caller does."""
    messages = deque[Message]([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay

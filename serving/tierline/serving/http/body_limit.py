"""Refuse large and slow requests before anything parses them."""

import asyncio
from collections import deque
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tierline.serving.http.problem import Problem

_TOO_LARGE: Final = 413
_TOO_SLOW: Final = 408


class BodyLimit:
    """ASGI middleware: 413 for bodies over ``limit`` bytes, declared or counted.

    408 for those that take more than ``seconds`` to come in. Nobody works on a request before all
    of it is here, so a slow caller holds a connection and nothing else.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app, self._limit, self._seconds = app, limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        messages = None
        if not declared.isdigit() or int(declared) <= self._limit:
            try:
                async with asyncio.timeout(self._seconds):
                    messages = await self._read(receive)
            except TimeoutError:
                await self._too_slow(scope, receive, send)
                return
            except ClientDisconnect:
                return
        if messages is None:
            await self._too_large(scope, receive, send)
            return

        async def replay() -> Message:
            return messages.popleft() if messages else await receive()

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> deque[Message] | None:
        """Return the request's messages, or None once they exceed the limit.

        Raises:
            ClientDisconnect: when the caller has gone: there is nobody to answer.
        """
        messages: deque[Message] = deque()
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                return None
            if not message.get("more_body", False):
                return messages

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = f"expected a body of at most {self._limit:,} bytes; found more"
        found = Problem(error=error, details=["send fewer tickets at once, or shorter ones"])
        await JSONResponse(found.model_dump(), _TOO_LARGE)(scope, receive, send)

    async def _too_slow(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = Problem(error=f"expected the whole request within {self._seconds:g} s")
        headers = {"connection": "close"}
        await JSONResponse(found.model_dump(), _TOO_SLOW, headers)(scope, receive, send)

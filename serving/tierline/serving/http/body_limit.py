"""Refuse large requests before anything parses them."""

from collections import deque
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOO_LARGE: Final = 413


class BodyLimit:
    """ASGI middleware: 413 for bodies over ``limit`` bytes, declared or counted."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        messages = None
        if not declared.isdigit() or int(declared) <= self._limit:
            messages = await self._read(receive)
        if messages is None:
            await self._refuse(scope, receive, send)
            return

        async def replay() -> Message:
            return messages.popleft() if messages else await receive()

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> deque[Message] | None:
        """Return the request's messages, or None once they exceed the limit."""
        messages: deque[Message] = deque()
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                return None
            if not message.get("more_body", False):
                return messages

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = {
            "error": f"expected a body of at most {self._limit:,} bytes; found more",
            "details": ["send fewer tickets at once, or shorter ones"],
        }
        await JSONResponse(body, _TOO_LARGE)(scope, receive, send)

"""Refuse callers who send too much, before anything of theirs is read."""

import math
from collections.abc import Hashable
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.refusing import busy
from tierline.serving.live.metrics import Metrics
from tierline.serving.live.rate import RateLimiter

_LIMITED: Final = "/v1/"
_HOOKS: Final = "/v1/hooks/"
_CHARGE: Final = "tierline.charge"


class RateLimit:
    """ASGI middleware: 429 for a caller whose tickets of the last time were too many.

    A caller is a key; a help desk's hook, which has no key; or all others together.
    """

    def __init__(self, app: ASGIApp, limiter: RateLimiter, keys: ApiKeys, metrics: Metrics) -> None:
        self._app, self._limiter, self._keys, self._metrics = app, limiter, keys, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_LIMITED):
            await self._app(scope, receive, send)
            return
        caller = self._caller(scope)
        wait = self._limiter.wait(caller)
        if wait > 0:
            self._metrics.refused.labels("rate").inc()
            refused = busy("this caller sends too much; come again later", math.ceil(wait))
            await refused(scope, receive, send)
            return
        self._limiter.take(caller)
        scope[_CHARGE] = lambda tickets: self._limiter.take(caller, tickets)
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Hashable:
        place = self._keys.place(Headers(scope=scope).get("x-api-key"))
        if place is None and scope["path"].startswith(_HOOKS):
            return "hooks"
        return place


def charge(request: Request, tickets: int) -> None:
    """Count the tickets of a request beyond its first."""
    if charged := request.scope.get(_CHARGE):
        charged(tickets - 1)

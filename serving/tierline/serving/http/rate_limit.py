"""Refuse callers who send too much, before anything of theirs is worked on."""

import math
from collections.abc import Hashable
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.refusing import busy
from tierline.serving.live.metrics import Metrics
from tierline.serving.live.rate import RateLimiter

_LIMITED: Final = "/v1/"
_HOOKS: Final = "/v1/hooks/"
_CHARGE: Final = "tierline.charge"
_ADMIT: Final = "tierline.admit"


class RateLimit:
    """ASGI middleware: 429 for a caller whose tickets of the last time were too many.

    A caller is a key, or all others together. Who calls a hook is known by its signature only:
    see `admit`.
    """

    def __init__(self, app: ASGIApp, limiter: RateLimiter, keys: ApiKeys, metrics: Metrics) -> None:
        self._app, self._limiter, self._keys, self._metrics = app, limiter, keys, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_LIMITED):
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_HOOKS):
            scope[_ADMIT] = self._refusal
            await self._app(scope, receive, send)
            return
        caller = self._keys.place(Headers(scope=scope).get("x-api-key"))
        if refused := self._refusal(caller):
            await refused(scope, receive, send)
            return
        scope[_CHARGE] = lambda tickets: self._limiter.take(caller, tickets)
        await self._app(scope, receive, send)

    def _refusal(self, caller: Hashable) -> Response | None:
        """Count a request of a caller; return what refuses it instead if that is too much."""
        wait = self._limiter.wait(caller)
        if wait > 0:
            self._metrics.refused.labels("rate").inc()
            return busy("this caller sends too much; come again later", math.ceil(wait))
        self._limiter.take(caller)
        return None


def admit(request: Request, desk: str | None) -> Response | None:
    """Count a hook's request once its signature is checked; return what refuses it, if anything.

    ``desk`` is the one that signed it. None: nobody did; all of those count together, so that
    they use up nothing of a desk's.
    """
    refusal = request.scope.get(_ADMIT)
    return refusal(f"hook {desk or 'unsigned'}") if refusal else None


def charge(request: Request, tickets: int) -> None:
    """Count the tickets of a request beyond its first."""
    if charged := request.scope.get(_CHARGE):
        charged(tickets - 1)

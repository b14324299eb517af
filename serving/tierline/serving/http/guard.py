"""Who is let in: the API's key as a dependency, and Prometheus' way to send it."""

from collections.abc import Callable, Set
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import Scope

from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.problem import Problem

_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False)
_BEARER = HTTPBearer(auto_error=False)


class Unauthorised(Exception):  # noqa: N818 (the caller's error, not ours)
    """The caller has no valid key."""


def key_needed(keys: ApiKeys) -> Any:
    """Return a dependency that lets in who sends one of the keys as ``X-API-Key``."""

    async def admitted(key: Annotated[str | None, Depends(_HEADER)]) -> None:
        if not keys.admit(key):
            raise Unauthorised

    return Depends(admitted)


def body_wanted(keys: ApiKeys, signed: Set[str]) -> Callable[[Scope], bool]:
    """Return what says whether a request's body is read at all.

    It is of who has a key, and at the ``signed`` paths, where only the body says who calls. All
    else is refused without it, or needs none.
    """

    def wanted(scope: Scope) -> bool:
        return keys.admit(Headers(scope=scope).get("x-api-key")) or scope["path"] in signed

    return wanted


def scraper_key_needed(keys: ApiKeys) -> Any:
    """Return a dependency that takes the key as a bearer token, too, as Prometheus sends it."""

    async def admitted(
        key: Annotated[str | None, Depends(_HEADER)],
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        token = bearer.credentials if bearer else None
        if not keys.admit(key) and not keys.admit(token):
            raise Unauthorised

    return Depends(admitted)


def unauthorised() -> JSONResponse:
    """Return 401."""
    problem = Problem(error="expected a valid API key in the header X-API-Key")
    return JSONResponse(problem.model_dump(), 401)


def add_unauthorised(app: FastAPI) -> None:
    """Have `Unauthorised` answered with 401."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        return unauthorised()

    app.add_exception_handler(Unauthorised, answer)

"""How the API refuses: always a `Problem`, never with the caller's words."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPMethod
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tierline.data.columns import shown_name
from tierline.data.ticket import Ticket
from tierline.serving.http.guard import add_unauthorised, unauthorised
from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.problem import Problem
from tierline.serving.live.gate import Overloaded
from tierline.serving.live.metrics import Metrics
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import SEVERITY_EXPECTED, knows_stated

log = logging.getLogger(__name__)

_EVERYWHERE = (400, 408, 422, 429, 500, 503)
#: What any resource may answer instead of what was asked for.
ANYWHERE: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in _EVERYWHERE}
#: What a guarded resource with a body may answer, too.
REFUSALS: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 413)}
_JSON_EXPECTED: Final = (
    "expected JSON under the header Content-Type: application/json; found another header or none"
)
#: By then another server should answer at the address.
_STARTING_SECONDS = "5"
#: Errors that a refusal tells one by one: each is looked through for secrets on the event loop.
_SHOWN = 20


def add_refusals(app: FastAPI, metrics: Metrics, keys: ApiKeys) -> None:
    """Have errors answered."""

    async def overloaded(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Overloaded)  # noqa: S101
        metrics.refused.labels("queue").inc()
        return busy("the queue is full; come again later", error.retry_after)

    async def unfit(request: Request, error: Exception) -> JSONResponse:
        # JSON is parsed before keys are looked at; whatever has a schema needs one.
        if not keys.admit(request.headers.get("x-api-key")):
            return unauthorised()
        return _unfit(request, error)

    app.add_exception_handler(Overloaded, overloaded)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, _http)
    add_unauthorised(app)


def refuse_unknown_severities(policy: Policy, tickets: Sequence[Ticket], *place: str) -> None:
    """Refuse a request in which a person states a severity that the policy doesn't know.

    ``place`` is where its body has the tickets; empty: it is a ticket itself.

    Raises:
        RequestValidationError: naming each ticket by its number.
    """
    expected = SEVERITY_EXPECTED.partition(": ")[2]
    errors = [
        {
            "type": "severity",
            "loc": ("body", *place, *([n] if place else []), "stated_severity"),
            "msg": expected,
        }
        for n, ticket in enumerate(tickets)
        if not knows_stated(policy, ticket)
    ]
    if errors:
        raise RequestValidationError(errors)


def see_docs(request: Request) -> str:
    """Return where more is said, where the server has such a page."""
    return "; see /docs" if request.app.openapi_url else ""


def busy(error: str, seconds: int) -> JSONResponse:
    """Return 429, and in how many seconds to come again."""
    return JSONResponse(Problem(error=error).model_dump(), 429, {"Retry-After": str(seconds)})


def stopping() -> JSONResponse:
    """Return 503 for a request that a server which stops has no time left for."""
    problem = Problem(error="this server stops before the request could be answered; send it again")
    headers = {"Retry-After": _STARTING_SECONDS, "connection": "close"}
    return JSONResponse(problem.model_dump(), 503, headers)


def _unfit(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 with the first fields and what was expected, never with the input."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = error.errors()
    as_json = "json" in request.headers.get("content-type", "").lower()
    details = [
        f"{_place(e)}: {_message(e) if as_json or e['loc'] != ('body',) else _JSON_EXPECTED}"
        for e in errors[:_SHOWN]
    ]
    if more := len(errors[_SHOWN:]):
        details.append(f"and {more:,} more")
    error_text = "the request doesn't fit the schema" + see_docs(request)
    problem = Problem(error=error_text, details=details)
    return JSONResponse(problem.model_dump(), 422)


def _place(error: Any) -> str:
    """Return the field's path; a field that nobody asked for has a name of the caller's."""
    return ".".join(shown_name(str(part)) for part in error["loc"])


def _message(error: Any) -> str:
    """Return pydantic's message, without the input that some messages quote."""
    if error["type"] == "json_invalid":
        return "no valid JSON from this character on"
    return (
        "not readable as what is expected here" if error["type"] == "value_error" else error["msg"]
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, no such method, no readable body."""
    assert isinstance(error, HTTPException)  # noqa: S101
    problem = Problem(error=f"{error.detail}{see_docs(request)}")
    return JSONResponse(problem.model_dump(), error.status_code, _headers(request, error))


def _headers(request: Request, error: HTTPException) -> Mapping[str, str] | None:
    """Return an error's headers; of the routes at one path the framework has looked at one."""
    if error.headers is None or "Allow" not in error.headers:
        return error.headers
    allowed = [method for method in HTTPMethod if _answers(request, method)]
    return {**error.headers, "Allow": ", ".join(allowed)}


def _answers(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def unexpected() -> JSONResponse:
    """Return 500 for an error of ours."""
    problem = Problem(error="something went wrong here; the server's log has it")
    return JSONResponse(problem.model_dump(), 500)

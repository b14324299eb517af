"""What the server says of itself: its model, its health, its figures; and loading anew."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from tierline.serving.http.guard import key_needed, scraper_key_needed
from tierline.serving.http.keys import ApiKeys
from tierline.serving.http.model_state import ModelState, Readiness, Reload
from tierline.serving.http.parts import Parts
from tierline.serving.http.problem import Problem
from tierline.serving.http.remembering import store_state
from tierline.serving.http.schemas import ModelInfo, Ready, Reloaded
from tierline.serving.live.shadow import Agreement

_UNAUTHORISED: dict[int | str, dict[str, Any]] = {401: {"model": Problem}}


def status_router(parts: Parts, keys: ApiKeys) -> APIRouter:
    """Return the resources; health needs no key."""
    router, state = APIRouter(), parts.state
    guarded: Any = {"dependencies": [key_needed(keys)], "responses": _UNAUTHORISED}

    @router.get("/v1/model", **guarded)
    async def model() -> ModelInfo:
        """Say which model and policy answer."""
        return _model_info(state, parts.agreement())

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process is up."""
        return {"status": "up"}

    @router.get("/readyz", response_model=Ready, responses={503: {"model": Ready | Problem}})
    async def readyz() -> JSONResponse:
        """Say what the server can do now; 503 while the model loads."""
        ready = Ready(status=state.readiness, problem=state.public_problem)
        if parts.store is not None:
            ready.store = store_state(parts.store)
        status = 503 if state.readiness is Readiness.LOADING else 200
        return JSONResponse(ready.model_dump(mode="json", exclude_unset=True), status)

    @router.get(
        "/metrics",
        dependencies=[scraper_key_needed(keys)],
        responses={200: {"content": {"text/plain": {}}}, **_UNAUTHORISED},
        response_class=Response,
    )
    def metrics() -> Response:
        """Give Prometheus the server's figures; the key may be sent as a bearer token."""
        return Response(parts.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router


def admin_router(state: ModelState, keys: ApiKeys) -> APIRouter:
    """Return the resource that loads the model anew, from where the server was told to."""
    router = APIRouter()

    @router.post(
        "/v1/admin/reload",
        response_model=Reloaded,
        dependencies=[key_needed(keys)],
        responses={code: {"model": Problem} for code in (401, 409, 413)},
    )
    async def reload() -> Reloaded | JSONResponse:
        """Load the model that the configured source has now; a bad one leaves the old in place.

        The request says nothing: no path and no URI is taken from it.
        """
        if not state.has_source:
            return _conflict("this server answers by rules only; start it with --model")
        result = await state.reload()
        if result is Reload.REFUSED:
            return _conflict(state.public_problem or "the model was refused")
        return Reloaded(result=result, model_version=_version(state))

    return router


def _conflict(error: str) -> JSONResponse:
    return JSONResponse(Problem(error=error).model_dump(), 409)


def _version(state: ModelState) -> str | None:
    predictor = state.router.predictor
    return predictor.version if predictor else None


def _model_info(state: ModelState, agreement: Agreement | None) -> ModelInfo:
    router = state.router
    found = ModelInfo(
        mode=state.readiness,
        model_version=None,
        policy_version=router.policy.version,
        shadow=agreement,
        advice_only=state.advice_only,
    )
    if router.predictor is None:
        return found
    manifest = router.predictor.manifest
    certificate = manifest.certificate
    return found.model_copy(
        update={
            "model_version": router.predictor.version,
            "encoder": manifest.encoder,
            "labels": {head.name: head.labels for head in manifest.heads},
            "metrics": manifest.metrics,
            "certificate": certificate,
            "fast": manifest.fast.statement if manifest.fast else None,
            "promise": certificate.statement if certificate else None,
        }
    )

"""What people tell the store over HTTP: corrections, outcomes, locks and exclusions.

All are idempotent: the same request twice leaves what it left once.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tierline.data.errors import StoreError
from tierline.serving.http.problem import Problem
from tierline.serving.policy import Exclusion as TeamExclusion
from tierline.serving.policy import Policy
from tierline.serving.policy.teams import exclusion_problem
from tierline.serving.store.forms import (
    CorrectionForm,
    Exclusion,
    Lock,
    LockForm,
    OutcomeForm,
    Team,
    TicketId,
)

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (401, 404, 409, 413, 503)
}


class Kept(BaseModel):
    """A correction that is stored; ``new`` is false for one that was there already."""

    id: str
    new: bool


class Removed(BaseModel):
    """Whether there was anything to remove."""

    removed: bool


class Exclusions(BaseModel):
    """The standing orders between teams."""

    exclusions: list[Exclusion]


class _NoStoreError(Exception):
    pass


class _NoLockError(Exception):
    pass


class _NoSuchOrderError(Exception):
    pass


def add_store(app: FastAPI, store: "Store | None", policy: Policy, guarded: list[Any]) -> None:
    """Add the resources; without a store each says 409 and how to have one."""
    app.include_router(_router(store, policy), dependencies=guarded)
    app.add_exception_handler(_NoSuchOrderError, _no_such_order)
    app.add_exception_handler(_NoStoreError, _no_store)
    app.add_exception_handler(_NoLockError, _no_lock)
    app.add_exception_handler(StoreError, _away)


def _router(opened: "Store | None", policy: Policy) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=_REFUSALS, tags=["store"])

    def there() -> Any:
        if opened is None:
            raise _NoStoreError
        return opened

    Here = Annotated[Any, Depends(there)]  # noqa: N806
    TicketPath = Annotated[TicketId, Path()]  # noqa: N806
    TeamPath = Annotated[Team, Path()]  # noqa: N806

    @router.post("/feedback")
    def feedback(store: Here, correction: CorrectionForm) -> Kept:
        """Store the right labels of a ticket; retraining learns from them."""
        name, new = store.put_correction(correction)
        return Kept(id=name, new=new)

    @router.post("/outcomes", status_code=204)
    def outcome(store: Here, outcome: OutcomeForm) -> None:
        """Store what became of a ticket."""
        store.put_outcome(outcome)

    @router.put("/locks/{ticket:path}")
    def lock(store: Here, ticket: TicketPath, form: LockForm) -> Lock:
        """Lock a ticket where a person placed it: from now on Tierline only advises on it."""
        found: Lock = store.put_lock(ticket, form.tier)
        return found

    @router.get("/locks/{ticket:path}")
    def show_lock(store: Here, ticket: TicketPath) -> Lock:
        """Say where a person placed a ticket."""
        found: Lock | None = store.find_lock(ticket)
        if found is None:
            raise _NoLockError
        return found

    @router.delete("/locks/{ticket:path}")
    def unlock(store: Here, ticket: TicketPath) -> Removed:
        """Give a ticket back to Tierline."""
        return Removed(removed=store.remove_lock(ticket))

    @router.get("/exclusions")
    def exclusions(store: Here) -> Exclusions:
        """List the standing orders between teams."""
        return Exclusions(exclusions=store.exclusions())

    @router.put("/exclusions/{from_team}/{to_team}")
    def exclude(store: Here, from_team: TeamPath, to_team: TeamPath) -> Exclusion:
        """Order that nothing is routed from one team to another."""
        order = Exclusion(from_team=from_team, to_team=to_team)
        if why := _problem(order, policy):
            raise _NoSuchOrderError(why)
        store.put_exclusion(order)
        return order

    @router.delete("/exclusions/{from_team}/{to_team}")
    def include(store: Here, from_team: TeamPath, to_team: TeamPath) -> Removed:
        """Take an order back."""
        order = Exclusion(from_team=from_team, to_team=to_team)
        return Removed(removed=store.remove_exclusion(order))

    return router


def _problem(order: Exclusion, policy: Policy) -> str | None:
    """Return why an order can't hold under the policy; what is no team of it isn't repeated."""
    if order.from_team not in policy.teams or order.to_team not in policy.teams:
        return f"expected teams of the policy: {', '.join(sorted(policy.teams))}"
    rule = TeamExclusion(team=order.to_team, from_team=order.from_team)
    return exclusion_problem(rule, policy.teams, policy.last_owner)


async def _no_such_order(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(Problem(error=str(error)).model_dump(), 422)


async def _no_store(request: Request, error: Exception) -> JSONResponse:
    text = "this server has no store; start it with tierline serve --store URL"
    return JSONResponse(Problem(error=text).model_dump(), 409)


async def _no_lock(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(Problem(error="no person has locked this ticket").model_dump(), 404)


async def _away(request: Request, error: Exception) -> JSONResponse:
    """Answer 404 for a decision that isn't stored, else 503; the log has what it is."""
    from tierline.serving.store.feedback import UnknownDecisionError

    if isinstance(error, UnknownDecisionError):
        return JSONResponse(Problem(error=str(error)).model_dump(), 404)
    log.error("%s", error)
    text = "the store is away; nothing was kept of this request. Send it again later"
    return JSONResponse(Problem(error=text).model_dump(), 503)

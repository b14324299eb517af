"""What people tell the store over HTTP: corrections, outcomes, locks and exclusions.

All are idempotent: the same request twice leaves what it left once.
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tierline.data.errors import RowError, StoreError
from tierline.data.rows import check_labels
from tierline.serving.http.checklist_api import checklist_router
from tierline.serving.http.problem import Problem
from tierline.serving.policy import TIERS, Policy
from tierline.serving.policy import Exclusion as TeamExclusion
from tierline.serving.policy.teams import exclusion_problem
from tierline.serving.store.forms import (
    CorrectionForm,
    Exclusion,
    Lock,
    LockForm,
    OutcomeForm,
    Removed,
    Team,
    TicketId,
)

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (401, 404, 409, 413)
}


class Kept(BaseModel):
    """A correction that is stored; ``new`` is false for one that was there already."""

    id: str
    new: bool


class Exclusions(BaseModel):
    """The standing orders between teams."""

    exclusions: list[Exclusion]


class _NoStoreError(Exception):
    pass


class _NoLockError(Exception):
    pass


class _RefusedError(Exception):
    pass


def add_store(
    app: FastAPI,
    store: "Store | None",
    policy: Policy,
    labels: Callable[[], Mapping[str, tuple[str, ...]]],
    guarded: list[Any],
) -> None:
    """Add the resources; without a store each says 409 and how to have one.

    ``labels`` gives what corrections may say, by head.
    """
    for router in (_router(store, policy, labels), checklist_router(needing(store))):
        app.include_router(router, dependencies=guarded)
    app.add_exception_handler(_RefusedError, _refused)
    app.add_exception_handler(_NoStoreError, _no_store)
    app.add_exception_handler(_NoLockError, _no_lock)
    app.add_exception_handler(StoreError, _away)


def needing(opened: "Store | None") -> Callable[[], Any]:
    """Return what resources depend on that can't do without a store."""

    def there() -> Any:
        if opened is None:
            raise _NoStoreError
        return opened

    return there


def _router(
    opened: "Store | None", policy: Policy, labels: Callable[[], Mapping[str, tuple[str, ...]]]
) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=_REFUSALS, tags=["store"])
    Here = Annotated[Any, Depends(needing(opened))]  # noqa: N806
    TicketPath = Annotated[TicketId, Path()]  # noqa: N806
    TeamPath = Annotated[Team, Path()]  # noqa: N806

    @router.post("/feedback")
    def feedback(store: Here, correction: CorrectionForm) -> Kept:
        """Store the right labels of a ticket; retraining learns from them."""
        try:
            check_labels(correction.labels, labels())
        except RowError as error:
            raise _RefusedError(str(error)) from None
        name, new = store.put_correction(correction)
        return Kept(id=name, new=new)

    @router.post("/outcomes", status_code=204)
    def outcome(store: Here, outcome: OutcomeForm) -> None:
        """Store what became of a ticket."""
        store.put_outcome(outcome)

    @router.put("/locks/{ticket:path}")
    def lock(store: Here, ticket: TicketPath, form: LockForm) -> Lock:
        """Lock a ticket where a person placed it: from now on Tierline only advises on it."""
        found: Lock = store.put_lock(ticket, _tier(form, policy), form.team)
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
            raise _RefusedError(why)
        store.put_exclusion(order)
        return order

    @router.delete("/exclusions/{from_team}/{to_team}")
    def include(store: Here, from_team: TeamPath, to_team: TeamPath) -> Removed:
        """Take an order back."""
        order = Exclusion(from_team=from_team, to_team=to_team)
        return Removed(removed=store.remove_exclusion(order))

    return router


def _tier(form: LockForm, policy: Policy) -> int:
    """Return the tier that a lock names, or its team's; the team has to work there."""
    if form.team is None:
        return form.tier or 0  # the form has one of both
    if form.team not in policy.teams:
        raise _RefusedError(_expected_teams(policy))
    tier = form.tier or policy.teams[form.team].tier
    if not policy.serves(form.team, tier):
        works = ", ".join(str(n) for n in TIERS if policy.serves(form.team, n))
        raise _RefusedError(f"tier: expected one where {form.team} works: {works}; found {tier}")
    return tier


def _expected_teams(policy: Policy) -> str:
    return f"expected teams of the policy: {', '.join(sorted(policy.teams))}"


def _problem(order: Exclusion, policy: Policy) -> str | None:
    """Return why an order can't hold under the policy; what is no team of it isn't repeated."""
    if order.from_team not in policy.teams or order.to_team not in policy.teams:
        return _expected_teams(policy)
    rule = TeamExclusion(to_team=order.to_team, from_team=order.from_team)
    return exclusion_problem(rule, policy.teams, policy.last_owner)


async def _refused(request: Request, error: Exception) -> JSONResponse:
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

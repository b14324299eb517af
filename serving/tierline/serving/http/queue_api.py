"""The queue over HTTP: order open tickets and give them out."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tierline.data.errors import InputError
from tierline.data.ticket import Ticket, utc_when_naive
from tierline.serving.http.model_state import ModelState
from tierline.serving.http.problem import Problem
from tierline.serving.http.rate_limit import charge
from tierline.serving.http.refusing import refuse_unknown_severities
from tierline.serving.http.remembering import store_headers
from tierline.serving.policy import Policy
from tierline.serving.queue.choices import Waiting, Way
from tierline.serving.queue.entry import Answer, Scored, entry_of
from tierline.serving.queue.priority import Term
from tierline.serving.queue.queued import Queue, TeamFigures
from tierline.serving.store.deciding import StoreMode, Told, standing

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

#: Tickets in one request; those without an answer are routed first, which takes longer.
MAX_QUEUED: Final = 5_000
MAX_UNANSWERED: Final = 256
_UNUSABLE: Final = 422
_NOT_INSTALLED: Final = 501


class OpenTicket(Ticket):
    """An open ticket. Its words are needed only where no answer is given for it.

    ``since`` is what an earlier queue said of it: from then on it counts where it gives no date.
    """

    id: str = Field(max_length=200)
    since: Annotated[datetime | None, BeforeValidator(utc_when_naive)] = None


class OpenTickets(BaseModel):
    """Up to 5,000 open tickets, of which 256 may lack an answer.

    ``answers`` are those that `/v1/route` gave before, by id. ``allocate`` false only orders.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tickets: list[OpenTicket] = Field(min_length=1, max_length=MAX_QUEUED)
    answers: list[Scored] = Field(default=[], max_length=MAX_QUEUED)
    allocate: bool = True


class QueuedTicket(BaseModel):
    """A ticket's place (``rank`` from 1), why, who takes it, and by when it is reached.

    ``since`` is from when its age counts: send it back next time, so that a ticket without a
    date is reached, too. ``waits_for`` says why nobody takes it now; ``reached_by`` null is
    never, and ``in_time`` whether it is reached before its answer is due, which is in vain where
    it is ``overdue`` already.
    """

    rank: int
    id: str
    first: str | None
    points: float
    why: str
    tier: int
    own_team: str
    since: datetime
    respond_by: datetime
    overdue: bool
    team: str | None
    agent: str | None
    way: Way | None
    waits_for: Waiting | None
    reached_by: datetime | None
    in_time: bool | None
    terms: list[Term]


class QueueOut(BaseModel):
    """The queue at an instant, by a policy, with each team's figures.

    ``overdue`` should have been answered by now; ``late`` are those of the others that will not
    be answered in time. Both are ids, in order. ``store`` says how the store stood, whose
    locks, exclusions and stated severities count.
    """

    store: StoreMode
    now: datetime
    policy_version: str
    tickets: list[QueuedTicket]
    overdue: list[str]
    late: list[str]
    teams: dict[str, TeamFigures]


class _Unusable(Exception):  # noqa: N818
    """What is wrong with a request beyond its schema."""


def queue_router(state: ModelState, store: "Store | None") -> APIRouter:
    """Return the queue's resource; a ``store``'s locks and exclusions hold."""
    router = APIRouter()

    @router.post(
        "/v1/queue/order", response_model=QueueOut, responses={_NOT_INSTALLED: {"model": Problem}}
    )
    async def order(open_tickets: OpenTickets, request: Request, response: Response) -> Any:
        """Order open tickets by priority, and give them to teams and agents."""
        refuse_unknown_severities(state.router.policy, open_tickets.tickets, "tickets")
        try:
            unanswered = _unanswered(open_tickets)
            charge(request, max(1, len(unanswered)))
            found = await _queue(state, store, open_tickets, unanswered)
            response.headers.update(store_headers(found.store))
            return found
        except _Unusable as error:
            return _refusal(str(error), _UNUSABLE)
        except InputError as error:
            return _refusal(str(error), _NOT_INSTALLED)

    return router


def _refusal(error: str, status: int) -> JSONResponse:
    return JSONResponse(Problem(error=error).model_dump(), status)


def _unanswered(asked: OpenTickets) -> list[OpenTicket]:
    _refuse_twice("answers", (answer.id for answer in asked.answers))
    _refuse_twice("tickets", (ticket.id for ticket in asked.tickets))
    answered = {answer.id for answer in asked.answers}
    open_now = [ticket for ticket in asked.tickets if ticket.id not in answered]
    if len(open_now) > MAX_UNANSWERED:
        raise _Unusable(
            f"answers: expected one for all but {MAX_UNANSWERED} tickets; {len(open_now):,} have "
            "none: ask /v1/route/batch for them"
        )
    return open_now


async def _queue(
    state: ModelState, store: "Store | None", asked: OpenTickets, unanswered: list[OpenTicket]
) -> QueueOut:
    """Route what has no answer as `/v1/route/batch` does, then order all."""
    engine, router, now = state.engine, state.router, datetime.now(UTC)
    with engine.admit(max(1, len(unanswered))):
        told = await asyncio.to_thread(standing, store, asked.tickets, router.policy)
        by_id = {ticket.id or "": ticket for ticket in told.tickets}
        answers: dict[str, Answer] = {answer.id: answer for answer in asked.answers}
        if unanswered:
            routing = [by_id[ticket.id] for ticket in unanswered]
            made = await engine.decide(router, routing, now, told.never)
            answers |= {t.id: one.recommendation for t, one in zip(unanswered, made, strict=True)}
        return await engine.compute(_ordered, router.policy, told, asked, answers, now)


def _ordered(
    policy: Policy, told: Told, asked: OpenTickets, answers: dict[str, Answer], now: datetime
) -> QueueOut:
    try:
        entries = [
            entry_of(placed, answers[t.id], policy, now, told.never, t.since)
            for t, placed in zip(asked.tickets, told.tickets, strict=True)
        ]
    except ValueError as error:
        raise _Unusable(f"answers: {error}") from None
    queue = Queue.of(entries, policy, now, give_out=asked.allocate)
    return QueueOut(
        store=told.store,
        now=now,
        policy_version=policy.version,
        tickets=[QueuedTicket(**queue.row(queued)) for queued in queue.tickets],
        overdue=[queued.ranked.entry.id for queued in queue.overdue],
        late=[queued.ranked.entry.id for queued in queue.late],
        teams=queue.teams(),
    )


def _refuse_twice(name: str, ids: Iterable[str]) -> None:
    """Refuse ids that come twice, by how many they are: an id may be a customer's words."""
    if twice := sum(count > 1 for count in Counter(ids).values()):
        raise _Unusable(f"{name}: expected every id once; {twice:,} come more often")

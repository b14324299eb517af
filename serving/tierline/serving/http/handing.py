"""Handing on over HTTP: a packet for the next team, a message to the customer."""

import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tierline.data.errors import InputError
from tierline.data.ticket import Ticket
from tierline.serving.handoff.markdown import markdown
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.http.model_state import ModelState
from tierline.serving.http.problem import Problem
from tierline.serving.http.remembering import store_headers
from tierline.serving.live.within import WithinDeadline
from tierline.serving.messages.compose import compose
from tierline.serving.messages.message import Kind, Message
from tierline.serving.messages.templates import Templates
from tierline.serving.notify.notifier import Notifier
from tierline.serving.routing.router import Router
from tierline.serving.store.deciding import StoreMode, decide
from tierline.serving.store.handing_on import hand_on

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

_STRICT: Final = ConfigDict(extra="forbid", hide_input_in_errors=True)
_REFUSED: Final = 422
_NOT_INSTALLED: Final = 501
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": Problem} for code in (401, 413, _REFUSED)
}


class HandOffRequest(BaseModel):
    """A ticket to hand on, and what a person adds to it."""

    model_config = _STRICT

    ticket: Ticket
    notes: Notes = Notes()


class HandOff(BaseModel):
    """The packet, as data and as Markdown, and the audiences that are being notified.

    ``store`` says how the store stood: ``away`` means that the steps done aren't kept, too.
    """

    packet: Packet
    markdown: str
    store: StoreMode
    notified: tuple[str, ...] = ()


class Written(Message):
    """A message as the API gives it; ``store`` says how the store stood when it was routed."""

    store: StoreMode


class MessageRequest(BaseModel):
    """A message to write; without ``language`` and ``time_zone`` the ticket and policy say.

    ``severity`` is what a person states, in place of the model's.
    """

    model_config = _STRICT

    ticket: Ticket
    kind: Kind
    language: str | None = Field(default=None, max_length=64)
    time_zone: str | None = Field(default=None, max_length=64)
    severity: str | None = Field(default=None, min_length=1, max_length=200)


def handing_router(
    state: ModelState,
    store: "Store | None",
    templates: Templates | None,
    notifier: Notifier | None,
) -> APIRouter:
    """Return the two resources, under a ``store``'s locks and exclusions.

    Without ``templates`` the packaged ones are used.
    """
    router = APIRouter(responses=_REFUSALS)
    loaded = cache(lambda: templates or Templates.load())

    def deciding() -> Router:
        return WithinDeadline(state.router, state.engine)

    def handed(request: HandOffRequest, response: Response, deciding: Router) -> HandOff:
        now = datetime.now(UTC)
        found = hand_on(deciding, store, request.ticket, request.notes, now)
        response.headers.update(store_headers(found.store, found.ids))
        packet, policy, made = found.packet, deciding.policy, found.decision
        zone = policy.calendars[policy.calendar_of(packet.team, packet.tier)].zone
        told = notifier.tell(made.ticket, made.recommendation, now, packet) if notifier else ()
        page = markdown(packet, zone)
        return HandOff(packet=packet, markdown=page, store=found.store, notified=told)

    def write(request: MessageRequest, response: Response, deciding: Router) -> Written:
        now = datetime.now(UTC)
        found = decide(deciding, store, [_rated(request)], now)
        response.headers.update(store_headers(found.store, found.ids))
        (made,), asked = found.made, (request.language, request.time_zone)
        answer, policy = made.recommendation, deciding.policy
        message = compose(request.kind, made.ticket, answer, policy, loaded(), now, *asked)
        return Written(**dict(message), store=found.store)

    @router.post("/v1/handoff", response_model=HandOff)
    async def handoff(request: HandOffRequest, response: Response) -> HandOff | JSONResponse:
        """Make the packet for the next team; a false claim that it is complete is refused."""
        try:
            return await state.engine.run(handed, request, response, deciding())
        except InputError as error:
            return _refused(_REFUSED, "the hand-off can't be made so", error)

    @router.post(
        "/v1/messages", response_model=Written, responses={_NOT_INSTALLED: {"model": Problem}}
    )
    async def messages(request: MessageRequest, response: Response) -> Written | JSONResponse:
        """Write a message to the customer; the times in it are the policy's."""
        try:
            await asyncio.to_thread(loaded)
        except InputError as error:
            return _refused(_NOT_INSTALLED, "this server can't write messages", error)
        try:
            return await state.engine.run(write, request, response, deciding())
        except InputError as error:
            return _refused(_REFUSED, "the message can't be written so", error)

    return router


def _rated(request: MessageRequest) -> Ticket:
    if request.severity is None:
        return request.ticket
    return request.ticket.model_copy(update={"stated_severity": request.severity})


def _refused(status: int, what: str, error: InputError) -> JSONResponse:
    return JSONResponse(Problem(error=what, details=[str(error)]).model_dump(), status)

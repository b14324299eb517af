"""Handing on over HTTP: a packet for the next team, a message to the customer."""

import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tierline.data.errors import InputError
from tierline.data.ticket import Ticket
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.markdown import markdown
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.http.model_state import ModelState
from tierline.serving.http.problem import Problem
from tierline.serving.http.remembering import decide
from tierline.serving.messages.compose import compose
from tierline.serving.messages.message import Kind, Message
from tierline.serving.messages.templates import Templates
from tierline.serving.notify.notifier import Notifier

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
    """The packet, as data and as Markdown, and the audiences that are being notified."""

    packet: Packet
    markdown: str
    notified: tuple[str, ...] = ()


class MessageRequest(BaseModel):
    """A message to write; without ``language`` and ``time_zone`` the ticket and policy say."""

    model_config = _STRICT

    ticket: Ticket
    kind: Kind
    language: str | None = Field(default=None, max_length=64)
    time_zone: str | None = Field(default=None, max_length=64)


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

    def hand_on(request: HandOffRequest) -> HandOff:
        deciding, now = state.router, datetime.now(UTC)
        policy = deciding.policy
        made = decide(deciding, store, [request.ticket], now)[0][0]
        ticket, answer = made.ticket, made.recommendation
        packet = make_packet(ticket, answer, policy, now, request.notes)
        zone = policy.calendars[policy.calendar_of(packet.team, packet.tier)].zone
        told = notifier.tell(ticket, answer, now, team=True) if notifier else ()
        return HandOff(packet=packet, markdown=markdown(packet, zone), notified=told)

    def write(request: MessageRequest) -> Message:
        deciding, now = state.router, datetime.now(UTC)
        made = decide(deciding, store, [request.ticket], now)[0][0]
        asked = (request.language, request.time_zone)
        answer, policy = made.recommendation, deciding.policy
        return compose(request.kind, made.ticket, answer, policy, loaded(), now, *asked)

    @router.post("/v1/handoff", response_model=HandOff)
    async def handoff(request: HandOffRequest) -> HandOff | JSONResponse:
        """Make the packet for the next team; a false claim that it is complete is refused."""
        try:
            return await state.engine.run(hand_on, request)
        except InputError as error:
            return _refused(_REFUSED, "the hand-off can't be made so", error)

    @router.post(
        "/v1/messages", response_model=Message, responses={_NOT_INSTALLED: {"model": Problem}}
    )
    async def messages(request: MessageRequest) -> Message | JSONResponse:
        """Write a message to the customer; the times in it are the policy's."""
        try:
            await asyncio.to_thread(loaded)
        except InputError as error:
            return _refused(_NOT_INSTALLED, "this server can't write messages", error)
        try:
            return await state.engine.run(write, request)
        except InputError as error:
            return _refused(_REFUSED, "the message can't be written so", error)

    return router


def _refused(status: int, what: str, error: InputError) -> JSONResponse:
    return JSONResponse(Problem(error=what, details=[str(error)]).model_dump(), status)

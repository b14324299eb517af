"""Bodies of requests: whose are read at all, and how many bytes of them are here at once."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tierline.data.helpdesk import Format
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.body_limit import BodyLimit
from tierline.serving.http.keys import ApiKeys
from tierline.serving.live.budget import Budget
from tierline.serving.live.limits import Limits
from tierline.serving.live.metrics import Metrics
from tierline.serving.live.options import Live

from ..fakes import BREACH, POLICY
from .app import figures, serving

GONE: Message = {"type": "http.disconnect"}
ALL = 1000


def part(size: int, more: bool = False) -> Message:
    return {"type": "http.request", "body": b" " * size, "more_body": more}


async def ask(app: Any, messages: Iterable[Message], **scope: Any) -> tuple[int, Any] | None:
    """Return status and headers of the answer, or None for none; at the end the caller waits."""
    left, answer = iter(messages), dict[str, Any]()

    async def receive() -> Message:
        for message in left:
            return message
        await asyncio.Event().wait()
        return GONE

    async def send(message: Message) -> None:
        answer.update(message)

    await app({"type": "http", "method": "POST", "headers": [], "query_string": b"",
               "root_path": "", "scheme": "http"} | scope, receive, send)  # fmt: skip
    return (answer["status"], dict(answer["headers"])) if answer else None


@pytest.fixture(scope="module")
def app() -> FastAPI:
    secrets = HookSecrets({Format.ZENDESK: b"secret"})
    return create_app(POLICY, None, ApiKeys.parse("key"), hooks=secrets)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/route", 401),
        ("POST", "/v1/route/batch", 401),
        ("PUT", "/v1/locks/T-1", 401),
        ("POST", "/v1/admin/reload", 401),
        ("POST", "/v1/hooks/jira", 404),
        ("POST", "/v1/hooks/none", 404),
        ("GET", "/metrics", 401),
        ("GET", "/v1/route", 405),
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
    ],
)
@pytest.mark.parametrize("key", [None, b"wrong"])
@pytest.mark.parametrize("length", [b"3900000", b"5000000"])
def test_of_a_stranger_no_body_is_read(
    app: FastAPI, method: str, path: str, status: int, key: bytes | None, length: bytes
) -> None:
    def read(_: int) -> Message:
        raise AssertionError("a body was read")

    headers = [(b"content-length", length), (b"content-type", b"application/json")]
    headers += [] if key is None else [(b"x-api-key", key)]
    asked = ask(
        app, map(read, range(1)), method=method, path=path, raw_path=path.encode(), headers=headers
    )
    found = asyncio.run(asked)
    assert found is not None
    assert found[0] == status
    assert b"x-request-id" in found[1]


def test_what_a_signature_or_nobody_guards_is_read() -> None:
    secrets = HookSecrets({Format.FRESHDESK: b"secret"})
    event = {"ticket": {"id": "1", "description": BREACH}}
    with serving(None, "key", hooks=secrets) as client:
        signed = {"X-Tierline-Secret": "secret"}
        answered = client.post("/v1/hooks/freshdesk", json=event, headers=signed)
        assert (answered.status_code, answered.json()["tier"]) == (200, 3)
    with serving(None) as client:
        assert client.post("/v1/route", json={"body": BREACH}).json()["tier"] == 3


class Desk:
    """A limit of `ALL` bytes before an app that answers when it is told to."""

    def __init__(self) -> None:
        self.budget, self.metrics, self.may_answer = Budget(ALL), Metrics(), asyncio.Event()
        self.limited = BodyLimit(self.app, 10 * ALL, 60, self.budget, self.metrics)
        self.asked: list[asyncio.Task[tuple[int, Any] | None]] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["more_body"] is False
        await self.may_answer.wait()
        if "broken" in scope:
            raise RuntimeError
        await PlainTextResponse("done")(scope, receive, send)

    async def ask(self, *messages: Message, **scope: Any) -> None:
        self.asked.append(asyncio.create_task(ask(self.limited, messages, **scope)))
        for _ in range(2 * len(messages) + 4):  # it goes as far as it can
            await asyncio.sleep(0)

    async def statuses(self) -> list[Any]:
        self.may_answer.set()
        found = await asyncio.gather(*self.asked, return_exceptions=True)
        return [one[0] if isinstance(one, tuple) else one for one in found]


def test_past_the_budget_a_body_is_refused_and_nothing_is_lost_of_it() -> None:
    async def run() -> None:
        desk = Desk()
        await desk.ask(part(700))
        assert desk.budget.left == ALL - 700
        await desk.ask(part(200, more=True), part(101))
        assert desk.asked[1].done()
        found = await desk.asked[1]
        assert found is not None
        assert (found[0], found[1][b"retry-after"]) == (429, b"1")
        assert desk.budget.left == ALL - 700
        await desk.ask(part(200, more=True), part(100))
        assert desk.budget.left == 0
        assert await desk.statuses() == [200, 429, 200]
        assert desk.budget.left == ALL
        desk.asked.clear()
        await desk.ask(part(200, more=True), part(101))
        assert await desk.statuses() == [200]
        counted = b'tierline_refused_total{reason="bodies"} 1.0\n'
        assert counted in desk.metrics.text()

    asyncio.run(run())


def test_whatever_becomes_of_a_request_its_bytes_are_given_back() -> None:
    async def run() -> None:
        desk = Desk()
        await desk.ask(part(100, more=True), GONE)
        assert desk.budget.left == ALL
        await desk.ask(part(100), broken=True)
        await desk.ask(part(100))
        assert desk.budget.left == ALL - 200
        desk.asked[2].cancel()
        gone, error, cancelled = await desk.statuses()
        assert gone is None
        assert isinstance(error, RuntimeError)
        assert isinstance(cancelled, asyncio.CancelledError)
        assert desk.budget.left == ALL
        slow = BodyLimit(desk.app, ALL, 0.01, desk.budget)
        found = await ask(slow, [part(100, more=True)])
        assert found is not None
        assert (found[0], desk.budget.left) == (408, ALL)

    asyncio.run(run())


def test_large_bodies_that_never_end_keep_no_small_one_out() -> None:
    async def run() -> None:
        desk = Desk()
        for size in (300, 400, 200, 50, 50):
            await desk.ask(part(size, more=True))
        assert desk.budget.left == 0
        await desk.ask(part(30))
        assert [one.done() for one in desk.asked] == [False, True, False, False, False, False]
        assert desk.budget.left == 370
        await desk.ask(part(370))
        await desk.ask(part(20))
        assert [one.done() for one in desk.asked[:3]] == [True, True, False]
        await desk.ask(part(281))  # as large as the largest one, or larger, has no more right
        assert desk.budget.left == 280
        desk.may_answer.set()
        for number in (0, 1, 8):
            found = await desk.asked[number]
            assert found is not None
            assert found[0] == 429
        for number in (5, 6, 7):
            found = await desk.asked[number]
            assert found is not None
            assert found[0] == 200
        for one in desk.asked:
            one.cancel()
        await asyncio.gather(*desk.asked, return_exceptions=True)
        assert desk.budget.left == ALL
        assert desk.budget.coming == {}

    asyncio.run(run())


def test_a_body_whose_time_is_over_just_now_makes_room_for_another() -> None:
    async def run() -> None:
        desk = Desk()
        patience = asyncio.timeout(None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tierline.serving.http.body_limit.asyncio.timeout", lambda _: patience)
            await desk.ask(part(900, more=True))
        patience.reschedule(0.0)  # its time is over in the turn in which the small one comes
        small = asyncio.create_task(ask(desk.limited, [part(200)]))
        desk.may_answer.set()
        found = await small
        assert found is not None
        assert found[0] == 200
        assert await desk.statuses() == [429]
        assert desk.budget.left == ALL

    asyncio.run(run())


def test_the_server_keeps_its_budget() -> None:
    live = Live(Limits(bodies=500))
    with serving(None, live=live) as client:

        def send(size: int) -> int:
            return client.post("/v1/route", json={"body": BREACH + " " * size}).status_code

        assert [send(size) for size in (0, 600, 0, 300)] == [200, 429, 200, 200]
        assert figures(client)['tierline_refused_total{reason="bodies"}'] == 1

"""Callers who send half a request, or nothing, over real sockets: others are answered."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tierline.serving.live.connections import PatientConnection
from tierline.serving.live.safe_headers import NOTHING_LOADS, SAFE_HEADERS

from .app import PATIENCE, eventually
from .process import Start

HALF = b"POST /v1/route HTTP/1.1\r\nHost: here\r\nX-More: "
UNFINISHED = HALF + b"1\r\nContent-Length: 100\r\n\r\n{"


class Desk:
    """An app that reads its request, but for one at ``/early``.

    It answers one at ``/slow`` when it is told to.
    """

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["path"] != "/early" and (await receive()).get("more_body"):
            pass
        if scope["path"] == "/slow":
            self.asked.set()
            await asyncio.to_thread(self.may_answer.wait, PATIENCE)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})


@contextmanager
def listening(desk: Desk, patience: float, limit: int, keep_alive: int = 600) -> Iterator[int]:
    """The port of a server with such connections."""
    made = type("Made", (PatientConnection,), {"patience": patience})
    config = uvicorn.Config(
        desk,
        port=0,
        http=made,
        limit_concurrency=limit,
        timeout_keep_alive=keep_alive,
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        desk.may_answer.set()
        server.should_exit = True
        thread.join(PATIENCE)


def held(stack: ExitStack, port: int, sent: bytes = b"") -> socket.socket:
    caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
    caller.sendall(sent)
    return caller


def closed(caller: socket.socket) -> bool:
    """Wait until the server closes it, whatever it says before."""
    with suppress(ConnectionResetError):
        while caller.recv(4096):
            pass
    return True


def connect(stack: ExitStack, port: int) -> HTTPConnection:
    caller = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    stack.callback(caller.close)
    return caller


def answer(caller: HTTPConnection, path: str = "/") -> int:
    caller.request("POST", path, b"{}")
    response = caller.getresponse()
    response.read()
    return response.status


def refused_safely(told: HTTPResponse) -> None:
    assert {name: told.getheader(name) for name in SAFE_HEADERS} == SAFE_HEADERS
    assert told.getheader("Content-Security-Policy") == NOTHING_LOADS
    assert json.loads(told.read()).keys() == {"error", "details"}


@pytest.mark.parametrize("sent", [b"", HALF, UNFINISHED])
def test_hundreds_that_wait_keep_nobody_out(sent: bytes) -> None:
    desk = Desk()
    with listening(desk, PATIENCE * 10, 50) as port, ExitStack() as stack:
        slow = connect(stack, port)
        slow.request("POST", "/slow", b"{}")
        assert desk.asked.wait(PATIENCE)
        waiting = [held(stack, port, sent) for _ in range(300)]
        for _ in range(20):
            assert answer(connect(stack, port)) == 200
        assert all(closed(one) for one in waiting[:250])
        # Who waits for an answer isn't the one who goes.
        desk.may_answer.set()
        assert slow.getresponse().status == 200


def test_where_all_work_a_new_caller_is_told() -> None:
    desk = Desk()
    with listening(desk, PATIENCE * 10, 3) as port, ExitStack() as stack:
        working = [connect(stack, port) for _ in range(3)]
        for one in working:
            one.request("POST", "/slow", b"{}")
            assert desk.asked.wait(PATIENCE)
            desk.asked.clear()
        late = connect(stack, port)
        late.request("POST", "/", b"{}")
        told = late.getresponse()
        assert (told.status, told.getheader("Retry-After")) == (503, "5")
        assert told.getheader("Connection") == "close"
        refused_safely(told)
        desk.may_answer.set()
        assert [one.getresponse().status for one in working] == [200] * 3
        assert answer(connect(stack, port)) == 200


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", HALF + b"x" * 100_000])
def test_what_is_no_request_is_refused_as_by_any_resource(sent: bytes) -> None:
    with listening(Desk(), PATIENCE * 10, 50) as port, ExitStack() as stack:
        told = HTTPResponse(held(stack, port, sent))
        told.begin()
        assert (told.status, told.getheader("Connection")) == (400, "close")
        refused_safely(told)


def test_half_a_head_is_not_waited_for() -> None:
    desk = Desk()
    with listening(desk, 0.3, 50) as port, ExitStack() as stack:
        kept, slow = connect(stack, port), connect(stack, port)
        assert answer(kept) == 200
        slow.request("POST", "/slow", b"{}")
        assert desk.asked.wait(PATIENCE)
        again = connect(stack, port)
        assert answer(again) == 200
        again.sock.sendall(HALF)
        assert all(closed(held(stack, port, sent)) for sent in (b"", HALF))
        assert closed(again.sock)
        # Both have been here for longer, one with an answer, one about to get it.
        assert answer(kept) == 200
        desk.may_answer.set()
        assert slow.getresponse().status == 200


@pytest.mark.parametrize("keep_alive", [1, 600])
def test_the_rest_of_a_body_after_its_answer_is_no_request(keep_alive: int) -> None:
    with listening(Desk(), 0.3, 50, keep_alive) as port, ExitStack() as stack:
        early, never = connect(stack, port), connect(stack, port)
        for caller in (early, never):
            caller.putrequest("POST", "/early")
            caller.putheader("Content-Length", "4")
            caller.endheaders(b"{")
            assert caller.getresponse().read() == b""
            caller.sock.sendall(b"  ")
        early.sock.sendall(b"}")
        assert closed(never.sock)
        if keep_alive == 1:
            assert closed(early.sock)
        else:
            assert answer(early) == 200


#: A server that may have few files open.
FEW_FILES = """
import resource, sys
from tierline.serving.commands import running
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 350))
running.run(running.Settings(model=None, port=int(sys.argv[1])))
"""


def test_serve_has_no_more_connections_than_files(start: Start) -> None:
    server = start(code=FEW_FILES)
    with ExitStack() as stack:
        waiting = [held(stack, server.port, HALF) for _ in range(400)]
        for _ in range(10):
            assert server.ask("GET", "/healthz")[0] == 200
        assert closed(waiting[0])

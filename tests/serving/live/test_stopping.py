"""A server stops within its limit, and tells whom it leaves without an answer."""

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from typing import Any

import pytest

from ..fakes import CALM
from .app import eventually
from .process import JSON, PATIENCE, Server, Start

#: A server whose model hangs, and which takes a second to stop.
HANGING = """
import sys, threading
from tests.serving.fakes import POLICY, prediction, predictor
from tierline.serving.commands import running
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.live.limits import Limits
from tierline.serving.live.logs import set_up
from tierline.serving.live.options import Live

def hang(ticket):
    if ticket.id is not None:
        threading.Event().wait()
    return prediction()

def app_of(settings):
    set_up(settings.log)
    live = Live(settings.limits, threads=1)
    return create_app(POLICY, lambda: predictor(hang), ApiKeys(), live=live)

limits = Limits(drain=1, deadline=600, body=600)
running.app_of = app_of
running.run(running.Settings(model="fake", port=int(sys.argv[1]), limits=limits))
"""
TICKET = {"id": "1", "body": CALM}
ASKED: dict[str, Any] = {
    "/v1/route": TICKET,
    "/v1/route/batch": {"tickets": [TICKET] * 3},
    "/v1/handoff": {"ticket": TICKET},
}


def ask(server: Server, path: str) -> tuple[int, Any, Any]:
    connection = server.connect()
    connection.request("POST", path, json.dumps(ASKED[path]), JSON)
    response = connection.getresponse()
    found = response.status, response.headers, json.loads(response.read())
    connection.close()
    return found


def half_sent(server: Server) -> socket.socket:
    """A request whose body doesn't come."""
    caller = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    caller.sendall(b"POST /v1/route HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{")
    return caller


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_who_is_left_without_an_answer_is_told(start: Start, signal_: signal.Signals) -> None:
    server = start(code=HANGING)
    with ThreadPoolExecutor(len(ASKED)) as callers, half_sent(server) as slow:
        asking = [callers.submit(ask, server, path) for path in ASKED]
        # Taken: those that ask the model, and the one whose body doesn't come before them.
        eventually(lambda: server.figure("tierline_request_tickets_count") == len(ASKED))
        server.process.send_signal(signal_)
        assert server.process.wait(PATIENCE) == -signal_
        found = [one.result(PATIENCE) for one in asking]
        response = HTTPResponse(slow)
        response.begin()
        found.append((response.status, response.headers, json.loads(response.read())))
    for status, headers, said in found:
        assert status == 503
        assert int(headers["Retry-After"]) >= 1
        assert headers["X-Request-ID"]
        assert "send it again" in said["error"]
        assert said["details"] == []
    lines = server.lines()
    assert [line["status"] for line in lines if line["message"] == "request"] == [503] * 4
    assert not [line for line in lines if "error" in line]

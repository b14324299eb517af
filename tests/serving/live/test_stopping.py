"""A server stops within its limit, and tells whom it leaves without an answer."""

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPResponse
from typing import Any

import pytest

from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM
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
BATCHES, TICKETS = 4, 128
#: Whatever the machine does beside, nothing is refused, late or cut off.
PATIENT = (
    "--threads",
    "1",
    "--queue",
    "9999",
    "--wait",
    "600",
    "--deadline",
    "600",
    "--drain",
    "60",
)


def ask(server: Server, path: str, asked: Any) -> tuple[int, Any, Any]:
    with closing(server.connect()) as connection:
        connection.request("POST", path, json.dumps(asked), JSON)
        response = connection.getresponse()
        return response.status, response.headers, json.loads(response.read())


def half_sent(server: Server) -> socket.socket:
    """A request whose body doesn't come."""
    caller = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    caller.sendall(b"POST /v1/route HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{")
    return caller


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_who_is_left_without_an_answer_is_told(start: Start, signal_: signal.Signals) -> None:
    server = start(code=HANGING)
    with ThreadPoolExecutor(len(ASKED)) as callers, half_sent(server) as slow:
        asking = [callers.submit(ask, server, path, asked) for path, asked in ASKED.items()]
        # Taken: those that ask the model, and the one whose body doesn't come before them.
        server.until(lambda: server.figure("tierline_request_tickets_count") == len(ASKED))
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


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_taken_is_answered_by_the_model(
    start: Start, trained: Trained, workers: int
) -> None:
    server = start("--model", str(trained.out), "--workers", str(workers), *PATIENT)
    server.until(lambda: server.said("is ready") == workers)
    batch = {"tickets": [{"body": f"{BREACH}. {CALM * 10} {n}"} for n in range(TICKETS)]}
    with ThreadPoolExecutor(BATCHES) as callers:
        asking = [callers.submit(ask, server, "/v1/route/batch", batch) for _ in range(BATCHES)]
        server.until(lambda: server.figure("tierline_request_tickets_count") == BATCHES)
        server.process.send_signal(signal.SIGTERM)
        assert not all(one.done() for one in asking)
        found = [one.result(PATIENCE) for one in asking]
    assert [status for status, _, _ in found] == [200] * BATCHES
    answers = [answer for _, _, said in found for answer in said["answers"]]
    assert len(answers) == TICKETS * BATCHES
    assert {(one["mode"], one["tier"]) for one in answers} == {("full", 3)}
    assert server.process.wait(PATIENCE) == (-signal.SIGTERM if workers == 1 else 0)
    with pytest.raises(ConnectionRefusedError):
        server.ask("GET", "/healthz")
    assert server.said("Application startup complete.") == workers
    assert server.said("Finished server process") == workers
    assert not [line for line in server.lines() if line["level"] not in {"info", "warning"}]

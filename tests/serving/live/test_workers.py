"""Several processes share nothing but the port: one that is killed costs no other its callers."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection

import psutil

from ..fakes import BREACH
from .process import JSON, Server, Start


def workers(server: Server) -> list[int]:
    """Pids of all processes that have ever begun to answer, oldest first."""
    words = "Started server process ["
    said = [line["message"] for line in server.lines()]
    return [int(one[len(words) : -1]) for one in said if one.startswith(words)]


@contextmanager
def halted(pid: int) -> Iterator[None]:
    """Nothing comes in at this process meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # its parent waits 5 s for it to say something
            os.kill(pid, signal.SIGCONT)


def ask(caller: HTTPConnection) -> None:
    caller.request("POST", "/v1/route", json.dumps({"body": BREACH}), JSON)
    response = caller.getresponse()
    assert (response.status, json.loads(response.read())["tier"]) == (200, 3)


def has(pid: int, caller: HTTPConnection) -> bool:
    """Whether it is this process to which a caller is connected."""
    port = caller.sock.getsockname()[1]
    there = psutil.Process(pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == port for one in there)


def test_one_that_is_killed_costs_no_other_its_callers(start: Start) -> None:
    server = start("--workers", "2", "--threads", "1")
    server.until(lambda: server.said("Application startup complete.") == 2)
    both = workers(server)
    with closing(server.connect()) as kept:
        ask(kept)
        ((survivor, doomed),) = [pair for pair in (both, both[::-1]) if has(pair[0], kept)]
        os.kill(doomed, signal.SIGKILL)
        for _ in range(10):
            ask(kept)
            with closing(server.connect()) as new:
                ask(new)
        server.until(lambda: server.said("Application startup complete.") == 3)
        assert server.said(f"Child process [{doomed}] died") == 1
        ask(kept)
    *_, restarted = workers(server)
    assert restarted not in both
    with halted(survivor), closing(server.connect()) as new:
        ask(new)
        assert has(restarted, new)
    # The figures are those of all three, and nothing that waits at the dead one is counted.
    assert server.figure('tierline_answers_total{mode="rules_only",tier="3"}') == 23
    assert server.figure("tierline_waiting_tickets") == 0
    server.stop()
    assert server.process.returncode == 0
    assert server.said("Finished server process") == 2

"""Two servers as processes on one store: each decision is kept once, and none is lost."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tierline.serving.store.forms import OutcomeForm
from tierline.serving.store.setup import counts, make
from tierline.serving.store.store import Store

from ..fakes import BREACH, CALM
from ..live.process import JSON, PATIENCE, Server
from .making import rows, wait_for

TICKETS = 40
CALLERS = 3
NAMES = ("one", "other")


@pytest.fixture
def servers(url: str, tmp_path: Path) -> Iterator[list[Server]]:
    """Two `tierline serve`, each with a spool of its own."""
    with opened(url, tmp_path / "unused") as store:
        make(store.database)
    started: list[Server] = []
    try:
        for name in NAMES:
            options = ("--store", url, "--spool", str(tmp_path / name), "--threads", "1")
            started.append(Server(tmp_path / f"{name}.log", *options))
        for server in started:
            server.wait()
        yield started
    finally:
        for server in started:
            server.stop()


@contextmanager
def opened(url: str, spool: Path) -> Iterator[Store]:
    """The store as a third process has it."""
    store = Store(url, spool)
    yield store
    store.database.close()


def ask(server: Server, began: Barrier) -> list[tuple[str, int]]:
    """Route every ticket; return each decision's id and tier."""
    connection, found = server.connect(), []
    began.wait(PATIENCE)
    for number in range(TICKETS):
        ticket = {"id": f"T-{number}", "body": BREACH if number % 4 == 0 else CALM}
        connection.request("POST", "/v1/route", json.dumps(ticket), JSON)
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200
        found.append((response.getheader("X-Tierline-Decision") or "", answer["tier"]))
    connection.close()
    return found


def test_two_processes_keep_each_decision_once(
    url: str, servers: list[Server], tmp_path: Path
) -> None:
    callers = [server for server in servers for _ in range(CALLERS)]
    began = Barrier(len(callers) + 1)
    with ThreadPoolExecutor(len(callers)) as pool, opened(url, tmp_path / "unused") as store:
        asked = [pool.submit(ask, server, began) for server in callers]
        began.wait(PATIENCE)
        for number in range(TICKETS):
            store.put_outcome(OutcomeForm(ticket=f"T-{number}", csat=5))
        answers = [answer for one in asked for answer in one.result()]
    logs = [server.stop() for server in servers]
    for name in NAMES:  # what waited too long for the other's turn
        with opened(url, tmp_path / name) as store:
            store.write_spool()
    with opened(url, tmp_path / "unused") as store:
        assert {name: row["tier"] for name, row in rows(store).items()} == dict(answers)
        assert counts(store.database)["outcomes"] == TICKETS
    assert len(dict(answers)) == len(callers) * TICKETS
    assert not any(word in log for log in logs for word in ("decisions lost", "refuses a row"))


def test_what_a_person_tells_one_process_counts_in_the_other(servers: list[Server]) -> None:
    one, other = servers

    def routed(name: str) -> dict[str, Any]:
        return dict(json.loads(other.ask("POST", "/v1/route", {"id": name, "body": CALM})[1]))

    assert one.ask("PUT", "/v1/locks/T-1", {"tier": 2})[0] == 200
    wait_for(lambda: routed("T-1")["tier"] == 2)
    said = {"id": "T-2", "body": CALM, "stated_severity": "P2"}
    assert one.ask("POST", "/v1/route", said)[0] == 200
    wait_for(lambda: routed("T-2")["severity"] == "P2")

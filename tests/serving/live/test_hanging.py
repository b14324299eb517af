"""A model that hangs: everything that need not ask it goes on, and it is counted once."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.helpdesk import Format
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.live.engine import Engine
from tierline.serving.live.limits import Limits
from tierline.serving.live.options import Live
from tierline.serving.routing.router import Made, Router
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from ..fakes import BREACH, CALM, NOW, POLICY, prediction, predictor
from .app import PATIENCE, eventually, figures, serving


@contextmanager
def hanging(**more: Any) -> Iterator[tuple[TestClient, threading.Event]]:
    """A server with one thread, on which the model hangs until the event is set."""
    done = threading.Event()

    def hang(ticket: Ticket) -> Prediction:
        assert ticket.id is None or done.wait(PATIENCE)
        return prediction()

    live = Live(Limits(deadline=0.05), threads=1)
    with serving(lambda: predictor(hang), live=live, **more) as client:
        try:
            yield client, done
        finally:
            done.set()


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/route?explain=true", {"id": "1", "body": BREACH}),
        ("/v1/queue/order", {"tickets": [{"id": "1", "body": BREACH}]}),
        ("/v1/handoff", {"ticket": {"id": "1", "body": BREACH}}),
        ("/v1/handoff", {"ticket": {"id": "1", "body": BREACH}, "notes": {"severity": "P2"}}),
        ("/v1/hooks/freshdesk", {"ticket": {"id": "1", "description": BREACH}}),
    ],
)
def test_a_breach_is_answered_wherever_it_comes_in(path: str, asked: Any, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    make(Store(url, tmp_path / "none").database)
    store = Store(url, tmp_path / "spool")
    hooks = HookSecrets({Format.FRESHDESK: b"secret"})
    with ThreadPoolExecutor(1) as caller, hanging(store=store, hooks=hooks) as at:
        client, done = at
        signed = {"X-Tierline-Secret": "secret"}
        asking = caller.submit(client.post, path, json=asked, headers=signed)
        found = asking.result(PATIENCE / 2)
        assert not done.is_set()
    assert found.status_code == 200
    said = found.json()
    answer = said.get("packet") or said.get("tickets", [said])[0]
    assert answer["tier"] == 3
    assert found.headers["X-Tierline-Store"] == "on"


def test_a_late_ticket_is_counted_once() -> None:
    with hanging() as (client, done):
        client.post("/v1/route", json={"id": "1", "body": BREACH})
        done.set()
        # One thread: it has come to the end of the late one before it takes another.
        assert client.post("/v1/route", json={"body": CALM}).json()["mode"] == "full"
        found = figures(client)
    assert found["tierline_late_total"] == 1
    answers = {k: v for k, v in found.items() if k.startswith("tierline_answers_total")}
    assert answers == {
        'tierline_answers_total{mode="rules_only",tier="3"}': 1,
        'tierline_answers_total{mode="full",tier="1"}': 1,
    }


def test_nothing_piles_up_behind_a_model_that_hangs() -> None:
    done, made, asked = threading.Event(), list[Made](), list[str | None]()

    def hang(ticket: Ticket) -> Prediction:
        asked.append(ticket.id)
        assert done.wait(PATIENCE)
        return prediction()

    router = Router(POLICY, predictor(hang))
    router.watch = made.append
    engine = Engine(Limits(deadline=0.01), threads=1)

    async def ask() -> None:
        for number in range(20):
            # On a busy machine the first one's thread may come late; no other gets to the model.
            due = None if number else time.monotonic() + 0.5
            await engine.decide(router, [Ticket(id=str(number), body=CALM)], NOW, due=due)
        assert engine._pool._work_queue.qsize() <= 2
        done.set()
        # The places of the late ones are free again, whose answers nobody wanted.
        give_up = time.monotonic() + PATIENCE
        found = "rules_only"
        while found == "rules_only":
            assert time.monotonic() < give_up
            (one,) = await engine.decide(router, [Ticket(id="last", body=CALM)], NOW)
            found = one.recommendation.mode

    asyncio.run(ask())
    engine.close()
    told = [decision.ticket.id for one in made for decision in one.decisions]
    assert told[:20] == [str(number) for number in range(20)]
    assert set(told[20:]) == {"last"}
    assert asked[0] == "0"
    assert set(asked[1:]) == {"last"}


def test_a_server_stops_beside_a_challenger_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.serving.live.shadow._CLOSING_SECONDS", 0.05)
    done, begun = threading.Event(), threading.Event()

    def hang(ticket: Ticket) -> Prediction:
        if ticket.id == "1":
            begun.set()
            assert done.wait(PATIENCE)
        return prediction()

    live = Live(shadow=lambda: predictor(hang, version="challenger-1"))
    with serving(predictor, live=live) as client:
        eventually(lambda: client.get("/v1/model").json()["shadow"]["model_version"] is not None)
        client.post("/v1/route", json={"id": "1", "body": CALM})
        assert begun.wait(PATIENCE)
        threads = [t for t in threading.enumerate() if t.name == "tierline-shadow"]
    hung = [thread.is_alive() for thread in threads]
    done.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert hung == [True]

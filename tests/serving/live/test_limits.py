"""What callers get past the limits."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tierline.data.helpdesk import Format
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.body_limit import BodyLimit
from tierline.serving.http.keys import ApiKeys
from tierline.serving.live.cores import threads_for, usable_cores
from tierline.serving.live.limits import Limits
from tierline.serving.live.options import Live
from tierline.serving.live.rate import RateLimiter

from ..fakes import BREACH, CALM, POLICY, prediction, predictor
from .app import PATIENCE, eventually, figures, serving


def test_a_full_queue_refuses_and_finishes_what_it_has() -> None:
    done = threading.Event()

    def slow(ticket: Ticket) -> Prediction:
        assert ticket.id is None or done.wait(PATIENCE)
        return prediction()

    live = Live(Limits(waiting=2), threads=1)
    with serving(lambda: predictor(slow), live=live) as client, ThreadPoolExecutor(3) as pool:
        asked = [
            pool.submit(client.post, "/v1/route", json={"id": str(n), "body": CALM})
            for n in range(3)
        ]
        try:
            eventually(lambda: figures(client)["tierline_waiting_tickets"] == 2)
            refused = client.post("/v1/route", json={"body": BREACH})
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) >= 1
            assert "come again" in refused.json()["error"]
            assert client.post("/v1/messages", json={}).status_code == 422
            hand = {"ticket": {"body": CALM}}
            assert client.post("/v1/handoff", json=hand).status_code == 429
            assert client.get("/readyz").status_code == 200
        finally:
            done.set()
        assert [one.result(PATIENCE).status_code for one in asked] == [200] * 3
        assert client.post("/v1/route", json={"body": BREACH}).json()["tier"] == 3
        assert figures(client)['tierline_refused_total{reason="queue"}'] == 2


def test_a_caller_who_sends_too_much_waits_and_no_other_does() -> None:
    live = Live(Limits(rate=0.001, burst=3))
    with serving(None, "first,second", live) as client:

        def send(key: str | None, count: int = 1) -> Any:
            headers = {"X-API-Key": key} if key else {}
            batch = {"tickets": [{"body": BREACH}] * count}
            return client.post("/v1/route/batch", json=batch, headers=headers)

        assert send("first", 2).status_code == 200
        assert send("first", 5).status_code == 200
        refused = send("first")
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 3000
        assert send("second").status_code == 200
        assert [send("wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
        assert client.get("/healthz").status_code == 200
        counted = figures(client, **{"X-API-Key": "second"})
        assert counted['tierline_refused_total{reason="rate"}'] == 2


def test_the_bucket_keeps_the_mean() -> None:
    now = [0.0]
    limiter = RateLimiter(10, 20, lambda: now[0])
    assert limiter.wait("a") == 0
    limiter.take("a", 100)
    assert limiter.wait("a") == pytest.approx(8.1)
    assert limiter.wait("b") == 0
    now[0] = 8.2
    assert limiter.wait("a") == 0
    now[0] = 1000.0
    limiter.take("a", 20)
    assert limiter.wait("a") == pytest.approx(0.1)


def test_a_slow_body_is_given_up() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError

    async def receive() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    limited = BodyLimit(app, limit=1_000_000, seconds=0.05)
    asyncio.run(limited({"type": "http", "headers": []}, receive, send))
    assert sent[0]["status"] == 408
    assert b"0.05 s" in sent[1]["body"]


@pytest.mark.parametrize("body", [b"{", b'{"q": 1}'])
def test_without_a_key_nothing_is_said_of_a_body(body: bytes) -> None:
    with serving(None, "key") as client:
        sent = {"content-type": "application/json"}
        assert client.post("/v1/route", content=body, headers=sent).status_code == 401
        sent["X-API-Key"] = "key"
        assert client.post("/v1/route", content=body, headers=sent).status_code == 422


def test_a_caller_who_goes_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tierline")
    sent: list[Any] = []
    secrets = HookSecrets({Format.JIRA: b"secret"})
    messages = iter([
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ])  # fmt: skip

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    app = create_app(POLICY, None, ApiKeys(), hooks=secrets)
    path = "/v1/hooks/jira"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": [],
        "query_string": b"", "root_path": "", "scheme": "http",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent == []
    (line,) = (vars(r)["fields"] for r in caplog.records if r.getMessage() == "request")
    assert line["status"] == 499
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_quota_counts_and_nothing_else_does(tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    all_cores = usable_cores(file)
    assert all_cores >= 1
    for text, cores in (("100000 100000", 1), ("max 100000", all_cores), ("broken", all_cores)):
        file.write_text(text)
        assert usable_cores(file) == cores
    file.write_text("50000 100000")
    assert usable_cores(file) == 1
    assert threads_for(1000) == 1


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    yield
    names = [t.name for t in threading.enumerate() if t.name.startswith("tierline-shadow")]
    assert names == []

"""The load test: what it counts, what a stall can't hide, and what it writes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.policy import load_policy
from tierline.training.cli import app
from tierline.training.loadtest.apis import APIS
from tierline.training.loadtest.client import Callers, Target
from tierline.training.loadtest.command import LoadTest, run

TICKETS = [{"body": "Our account was hacked"}, {"body": "How do I export?"}]


@asynccontextmanager
async def listening(api: Any) -> AsyncIterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api, log_config=None))
        serving = asyncio.create_task(server.serve([bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("tierline", "/v1/route/batch", {"tickets": TICKETS}),
        ("mlflow", "/invocations", {"dataframe_records": TICKETS}),
        ("litserve", "/predict", {"texts": [t["body"] for t in TICKETS]}),
        (
            "infinity",
            "/classify",
            {"model": "tierline", "input": [t["body"] for t in TICKETS]},
        ),
    ],
)
def test_every_server_gets_the_same_texts(name: str, path: str, body: dict[str, Any]) -> None:
    target = Target("http://127.0.0.1", TICKETS, per_request=2, api=APIS[name])
    assert target.request() == target.request() == (path, body)


def test_an_unknown_server_is_refused() -> None:
    result = CliRunner().invoke(app, ["load-test", "http://127.0.0.1:9", "x.csv", "--api", "none"])
    assert "expected tierline, mlflow, litserve, infinity" in str(result.exception)


def test_a_whole_load_test_of_a_server(tmp_path: Path) -> None:
    file = tmp_path / "tickets.jsonl"
    file.write_text("".join(json.dumps(ticket) + "\n" for ticket in TICKETS))
    told: list[str] = []

    async def test() -> None:
        async with listening(create_app(load_policy(), None, ApiKeys.parse("key"))) as url:
            with pytest.raises(InputError, match="TIERLINE_API_KEY"):
                await run(job(url, None), lambda share, note: None)
            await run(job(url, "key"), lambda share, note: told.append(note))

    def job(url: str, key: str | None) -> LoadTest:
        out = tmp_path / "out" / "load.json"
        return LoadTest(url, TicketFile(file), out, [1, 2], [0.5], 0.2, 2, key)

    asyncio.run(test())
    found = json.loads((tmp_path / "out" / "load.json").read_text())
    steps = found["steps"]
    assert [(step["loop"], step["tickets_per_request"]) for step in steps] == [
        ("closed", 2), ("closed", 2), ("open", 2)
    ]  # fmt: skip
    for step in steps[:2]:
        assert step["answered"] > 0
        assert step["errors"] == 0
        assert step["tickets_per_second"] == pytest.approx(
            2 * step["answered"] / step["seconds"], rel=1e-2
        )
        assert 0 < step["p50_ms"] <= step["p99_ms"] <= step["max_ms"]
    assert len(told) == 3
    assert "<svg" in (tmp_path / "out" / "load.svg").read_text()


def test_a_stall_and_refusals_are_not_hidden() -> None:
    count = 0

    async def stalls_first(scope: Any, receive: Any, send: Any) -> None:
        nonlocal count
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        count += scope["method"] == "POST"
        status = 429 if count % 5 == 0 else 200
        if count == 1:
            await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def test() -> Any:
        async with listening(stalls_first) as url, Callers(Target(url, TICKETS)) as callers:
            return await callers.open(100, 0.3, seed=1)

    step = asyncio.run(test())
    assert step.statuses[200] + step.statuses[429] == count > 10
    assert step.statuses[429] == count // 5
    assert step.errors == 0
    # Arrivals go on while the first request waits.
    assert max(step.latencies) >= 0.3
    assert sorted(step.latencies)[0] < 0.3


@pytest.mark.parametrize("wrong", ["x", "1,-2", "0"])
def test_loads_that_are_none_are_refused(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "tickets.jsonl"
    file.write_text(json.dumps(TICKETS[0]))
    arguments = ["load-test", "http://127.0.0.1:9", str(file), "--shares", wrong]
    found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, InputError)

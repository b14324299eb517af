"""The load test: what it counts, what a stall can't hide, and what it writes."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
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
from tierline.training.loadtest.command import LoadTest, points_of, run
from tierline.training.loadtest.outcome import Step

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


async def answer_lifespan(receive: Any, send: Any) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def ticket_file(folder: Path) -> TicketFile:
    file = folder / "tickets.jsonl"
    file.write_text("".join(json.dumps(ticket) + "\n" for ticket in TICKETS))
    return TicketFile(file)


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
    file = ticket_file(tmp_path)
    told: list[str] = []

    async def test() -> None:
        async with listening(create_app(load_policy(), None, ApiKeys.parse("key"))) as url:
            with pytest.raises(InputError, match="TIERLINE_API_KEY"):
                await run(job(url, None), lambda share, note: None)
            await run(job(url, "key"), lambda share, note: told.append(note))

    def job(url: str, key: str | None) -> LoadTest:
        out = tmp_path / "out" / "load.json"
        return LoadTest(url, file, out, [1, 2], [0.5], 0.2, 2, key)

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


def test_a_soak_is_told_by_the_minute(tmp_path: Path) -> None:
    assert points_of(600) == [60.0] * 10
    assert points_of(5) == [0.5] * 10
    assert points_of(750) == [60.0] * 12 + [30.0]

    async def test(**given: Any) -> None:
        async with listening(create_app(load_policy(), None, ApiKeys.parse(""))) as url:
            job = LoadTest(url, ticket_file(tmp_path), tmp_path / "soak.json", [2], seconds=0.2)
            await run(replace(job, **given), lambda share, _: shares.append(share))

    shares: list[float] = []
    asyncio.run(test(soak=1.0))
    found = json.loads((tmp_path / "soak.json").read_text())
    (closed,), points = found["steps"], found["soak"]["points"]
    assert len(points) == 10
    half = closed["tickets_per_second"] / 2
    assert found["soak"]["tickets_per_second"] == pytest.approx(half, rel=1e-3)
    assert {point["load"] for point in points} == {found["soak"]["tickets_per_second"]}
    assert len(shares) == 11
    assert shares[-1] == 1
    assert "resident MB" in (tmp_path / "soak.svg").read_text()

    asyncio.run(test(soak=1.0, rate=100.0))
    found = json.loads((tmp_path / "soak.json").read_text())
    assert found["steps"] == []
    assert found["soak"]["tickets_per_second"] == 100
    # Who arrives when is drawn from a seed, and counts where it was due, however late it is sent.
    again = random.Random(0)  # noqa: S311
    due = [0.0]
    while due[-1] < 1:
        due.append(due[-1] + again.expovariate(100))
    for number, point in enumerate(found["soak"]["points"]):
        expected = sum(number / 10 <= one < (number + 1) / 10 for one in due)
        assert point["requests"] == point["answered"] == pytest.approx(expected, abs=1)
        assert point["p99_ms"] >= point["p50_ms"] > 0
        assert point["memory_bytes"] > 1e6


def test_a_request_belongs_to_when_it_was_due() -> None:
    """What stalls in one point is late there, though its answer comes in a later one."""
    free = asyncio.Event()
    over: list[int] = []

    async def stalls(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await answer_lifespan(receive, send)
            return
        text = b""
        if scope["method"] == "POST":
            await free.wait()
        else:
            text = b"process_resident_memory_bytes 5e7\n"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text})

    def told(step: Step) -> None:
        over.append(step.requests)
        if len(over) == 2:
            free.set()

    async def test() -> list[Step]:
        async with listening(stalls) as url, Callers(Target(url, TICKETS)) as callers:
            return await callers.soak(100, [0.3, 0.3, 0.3], told, seed=1)

    first, second, third = asyncio.run(test())
    assert over[:2] == [0, 0]
    assert min(first.latencies) > 0.2
    for step in (first, second, third):
        assert step.requests > 10
        assert (step.errors, step.memory) == (0, 5e7)
        assert step.throughput == pytest.approx(step.requests / 0.3)


def test_a_rate_is_a_soaks(tmp_path: Path) -> None:
    arguments = ["load-test", "http://127.0.0.1:9", str(tmp_path), "--rate", "5"]
    found = CliRunner().invoke(app, arguments)
    assert "--rate: expected beside --soak SECONDS" in str(found.exception)


def test_a_soak_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "tickets.jsonl"
    file.write_text(json.dumps(TICKETS[0]))
    out = tmp_path / "soak.json"
    arguments = ["load-test", "{url}", str(file), "--soak", "1", "--rate", "40", "--out", str(out)]

    async def test() -> Any:
        async with listening(create_app(load_policy(), None, ApiKeys.parse(""))) as url:
            given = [url if one == "{url}" else one for one in arguments]
            return await asyncio.to_thread(CliRunner().invoke, app, given)

    result = asyncio.run(test())
    assert result.exit_code == 0, result.output
    assert "soak at 40 tickets/s" in " ".join(result.output.split())
    for column in ("minute", "requests", "answered", "429", "errors", "p50", "p99", "MB"):
        assert column in result.output
    assert len(json.loads(out.read_text())["soak"]["points"]) == 10


def test_a_stall_and_refusals_are_not_hidden() -> None:
    count = 0

    async def stalls_first(scope: Any, receive: Any, send: Any) -> None:
        nonlocal count
        if scope["type"] != "http":
            await answer_lifespan(receive, send)
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


@pytest.mark.parametrize("soak", [None, 1.0])
def test_loads_are_no_shares_of_nothing(tmp_path: Path, soak: float | None) -> None:
    count = 0

    async def answers_once(scope: Any, receive: Any, send: Any) -> None:
        nonlocal count
        if scope["type"] != "http":
            await answer_lifespan(receive, send)
            return
        count += scope["method"] == "POST"
        status = 200 if count == 1 else 429
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def test() -> None:
        async with listening(answers_once) as url:
            out = tmp_path / "load.json"
            job = LoadTest(url, ticket_file(tmp_path), out, [1, 2], seconds=0.1, soak=soak)
            await run(job, lambda share, note: None)

    with pytest.raises(InputError, match=r"answers in the closed loops.* statuses \{429: \d+\}"):
        asyncio.run(test())


@pytest.mark.parametrize(
    ("option", "wrong"),
    [*(("--callers", text) for text in ("0.5", "inf", ",", "0", "x")), ("--shares", "inf")],
)
def test_what_is_no_load_is_refused_before_anything_is_sent(
    tmp_path: Path, option: str, wrong: str
) -> None:
    ticket_file(tmp_path)
    file = str(tmp_path / "tickets.jsonl")
    found = CliRunner().invoke(app, ["load-test", "http://127.0.0.1:9", file, option, wrong])
    assert isinstance(found.exception, InputError)
    assert str(found.exception).startswith(f"{option}: expected ")


@pytest.mark.parametrize("wrong", ["x", "1,-2", "0"])
def test_loads_that_are_none_are_refused(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "tickets.jsonl"
    file.write_text(json.dumps(TICKETS[0]))
    arguments = ["load-test", "http://127.0.0.1:9", str(file), "--shares", wrong]
    found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, InputError)

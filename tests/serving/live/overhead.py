"""Show what the API costs beside the predictor alone, and how soon a server is ready.

`python -m tests.serving.live.overhead FILE BUNDLE [POLICY]` starts `tierline serve`, and has three
answer the same tickets, round after round: the predictor in this process, the same with rules and
policy, and the server over HTTP. Each gets one batch at a time. It prints milliseconds per ticket
as medians of the rounds, with their ratio to the predictor's. FILE has a column `body` or `text`.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router

from .process import JSON, Server

_TICKETS: Final = 256
_ROUNDS: Final = 5
_SIZES: Final = (1, 64)
Way = Callable[[Sequence[Ticket]], Any]


def main(file: str, bundle: str, policy: str | None = None) -> None:
    """Print start-up and memory, then the table."""
    rows = [row for row in TicketFile(Path(file)) if isinstance(row, Row)]
    tickets = [row.ticket for row in rows[:_TICKETS]]
    predictor = Predictor.load(Path(bundle))
    router = Router(load_policy(Path(policy) if policy else None), predictor)
    with TemporaryDirectory() as folder:
        begun = time.monotonic()
        options = ("--policy", policy) if policy else ()
        server = Server(Path(folder, "log"), "--model", bundle, *options)
        try:
            server.wait()
            print(f"ready after {time.monotonic() - begun:.1f} s, {_resident(server):.0f} MB")
            connection = server.connect()
            _compare(
                {
                    "predictor": predictor.predict,
                    "with rules and policy": lambda batch: router.decide(batch, datetime.now(UTC)),
                    "over HTTP": lambda batch: _over_http(connection, batch),
                },
                tickets,
            )
            print(f"{_resident(server):.0f} MB at the end")
        finally:
            server.stop()


def _compare(ways: dict[str, Way], tickets: Sequence[Ticket]) -> None:
    for size in _SIZES:
        batches = [tickets[i : i + size] for i in range(0, len(tickets), size)]
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, way in ways.items():
                begun = time.perf_counter()
                for batch in batches:
                    way(batch)
                seconds[name].append(time.perf_counter() - begun)
        for name, own in seconds.items():
            ratio = median(a / b for a, b in zip(own, seconds["predictor"], strict=True))
            each = median(own) / len(tickets) * 1000
            print(f"batch {size:>3}  {name:<22} {each:7.2f} ms  {ratio:5.2f}")


def _over_http(connection: HTTPConnection, batch: Sequence[Ticket]) -> None:
    said = [{"subject": ticket.subject, "body": ticket.body} for ticket in batch]
    body = json.dumps({"tickets": said} if len(said) > 1 else said[0])
    connection.request("POST", f"/v1/route{'/batch' if len(said) > 1 else ''}", body, JSON)
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200:
        raise SystemExit(f"the server answered {response.status}: {answer}")


def _resident(server: Server) -> float:
    return server.figure("process_resident_memory_bytes") / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])

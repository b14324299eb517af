"""Run a load test and write down what it found."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import aiohttp

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.training.loadtest.apis import Api, tierline
from tierline.training.loadtest.client import Callers, Target
from tierline.training.loadtest.outcome import Step, best_throughput
from tierline.training.loadtest.picture import curves

#: More tickets than any cache of a server should hold; they are sent over and over.
_MOST_TICKETS: Final = 5_000
#: Open loads, as shares of the best closed throughput.
SHARES: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
Told = Callable[[float, str], None]


@dataclass(frozen=True)
class LoadTest:
    """``callers`` of the closed steps, ``shares`` of their best throughput for the open ones."""

    url: str
    file: TicketFile
    out: Path
    callers: Sequence[int] = (1, 2, 4, 8, 16, 32, 64)
    shares: Sequence[float] = SHARES
    seconds: float = 20.0
    per_request: int = 1
    key: str | None = None
    api: Api = tierline


async def run(job: LoadTest, told: Told) -> list[Step]:
    """Hold each load for a while, closed loops first; write JSON and a picture.

    Raises:
        InputError: when the file has no tickets, or no server answers.
    """
    target = Target(job.url, _tickets(job.file), job.per_request, job.key, job.api)
    steps: list[Step] = []
    count = 1 + len(job.callers) + len(job.shares)

    def took(step: Step) -> None:
        steps.append(step)
        told((len(steps) + 1) / count, f"{step.loop} {step.load:,.3g}: {step.throughput:,.0f}/s")

    async with Callers(target) as callers:
        # Warm up, and see whether anybody answers.
        first = await callers.closed(1, min(2.0, job.seconds))
        if not first.latencies:
            raise InputError(
                f"expected a server that answers at {job.url}; found statuses "
                f"{dict(first.statuses)} (0: no answer). Start it with tierline serve; "
                "a key is read from TIERLINE_API_KEY"
            )
        for number in job.callers:
            took(await callers.closed(number, job.seconds))
        best = best_throughput(steps)
        for share in job.shares:
            took(await callers.open(best * share, job.seconds))
    _write(job, steps)
    return steps


def _tickets(file: TicketFile) -> list[dict[str, object]]:
    rows = (row.ticket for row in file if isinstance(row, Row))
    found = [
        ticket.model_dump(mode="json", exclude_defaults=True)
        for ticket in islice(rows, _MOST_TICKETS)
    ]
    if not found:
        raise InputError("expected tickets to send; the file has none that can be read")
    return found


def _write(job: LoadTest, steps: Sequence[Step]) -> None:
    found = {
        "machine": {"cores": os.cpu_count(), "platform": platform.platform()},
        "client": f"aiohttp {aiohttp.__version__}",
        "seconds_per_step": job.seconds,
        "steps": [step.as_json() for step in steps],
    }
    job.out.parent.mkdir(parents=True, exist_ok=True)
    job.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    curves(steps).savefig(job.out.with_suffix(".svg"), metadata={"Date": None})

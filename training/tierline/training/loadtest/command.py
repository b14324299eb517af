"""Run a load test and write down what it found."""

import json
import os
import platform
from collections import Counter
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
from tierline.training.loadtest.picture import curves, over_time

#: More tickets than any cache of a server should hold; they are sent over and over.
_MOST_TICKETS: Final = 5_000
#: Open loads, as shares of the best closed throughput.
SHARES: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
#: The load of a soak, as a share of the best closed throughput.
_SOAKED: Final = 0.5
#: A point of a soak takes a minute, or a tenth of what is shorter than ten.
_MINUTE: Final = 60.0
_POINTS: Final = 10
Told = Callable[[float, str], None]


@dataclass(frozen=True)
class LoadTest:
    """``callers`` of the closed steps, ``shares`` of their best throughput for the open ones.

    ``soak``: in place of the open steps hold one load for so many seconds: half of the best
    throughput, or ``rate`` tickets per second, and then there are no closed steps either.
    """

    url: str
    file: TicketFile
    out: Path
    callers: Sequence[int] = (1, 2, 4, 8, 16, 32, 64)
    shares: Sequence[float] = SHARES
    seconds: float = 20.0
    per_request: int = 1
    key: str | None = None
    api: Api = tierline
    soak: float | None = None
    rate: float | None = None

    @property
    def closed(self) -> Sequence[int]:
        """The callers of the closed steps that are needed."""
        return () if self.soak and self.rate else self.callers


@dataclass(frozen=True)
class Found:
    """What each load gave: of a soak, ``points`` are one load over time."""

    steps: Sequence[Step]
    points: Sequence[Step] = ()


async def run(job: LoadTest, told: Told) -> Found:
    """Hold each load for a while, closed loops first; write JSON and a picture.

    Raises:
        InputError: when the file has no tickets, no server answers, or the closed loops get no
            answer by which to choose the other loads.
    """
    target = Target(job.url, _tickets(job.file), job.per_request, job.key, job.api)
    lengths = points_of(job.soak) if job.soak else []
    done, count = 1, 1 + len(job.closed) + len(lengths or job.shares)

    def took(step: Step) -> Step:
        nonlocal done
        done += 1
        told(done / count, f"{step.loop} {step.load:,.3g}: {step.throughput:,.0f}/s")
        return step

    async with Callers(target) as callers:
        await _warm_up(callers, job)
        steps = [took(await callers.closed(number, job.seconds)) for number in job.closed]
        if lengths:
            rate = job.rate or _SOAKED * _best(steps)
            found = Found(steps, await callers.soak(rate, lengths, took))
        else:
            rates = [share * _best(steps) for share in job.shares]
            steps += [took(await callers.open(rate, job.seconds)) for rate in rates]
            found = Found(steps)
    _write(job, found)
    return found


def points_of(seconds: float) -> list[float]:
    """Return the seconds of each point of a soak; what is left after whole minutes is the last."""
    if seconds <= _POINTS * _MINUTE:
        return [seconds / _POINTS] * _POINTS
    minutes, rest = divmod(seconds, _MINUTE)
    return [_MINUTE] * int(minutes) + ([rest] if rest else [])


async def _warm_up(callers: Callers, job: LoadTest) -> None:
    """See whether anybody answers, and let the server get warm."""
    first = await callers.closed(1, min(2.0, job.seconds))
    if not first.latencies:
        raise InputError(
            f"expected a server that answers at {job.url}; found statuses "
            f"{dict(first.statuses)} (0: no answer). Start it with tierline serve; "
            "a key is read from TIERLINE_API_KEY"
        )


def _best(steps: Sequence[Step]) -> float:
    """Return the closed loops' best throughput, of which the other loads are shares."""
    best = best_throughput(steps)
    if not best:
        statuses = sum((step.statuses for step in steps), Counter[int]())
        raise InputError(
            f"expected answers in the closed loops, of which the other loads are shares; found "
            f"statuses {dict(statuses)} (0: no answer). Raise the server's limits, or name a load "
            "with --soak SECONDS --rate TICKETS"
        )
    return best


def _tickets(file: TicketFile) -> list[dict[str, object]]:
    rows = (row.ticket for row in file if isinstance(row, Row))
    found = [
        ticket.model_dump(mode="json", exclude_defaults=True)
        for ticket in islice(rows, _MOST_TICKETS)
    ]
    if not found:
        raise InputError("expected tickets to send; the file has none that can be read")
    return found


def _write(job: LoadTest, found: Found) -> None:
    data = {
        "machine": {"cores": os.cpu_count(), "platform": platform.platform()},
        "client": f"aiohttp {aiohttp.__version__}",
        "seconds_per_step": job.seconds,
        "steps": [step.as_json() for step in found.steps],
    }
    if found.points:
        data["soak"] = {
            "tickets_per_second": round(found.points[0].load, 3),
            "points": [point.as_json() for point in found.points],
        }
    job.out.parent.mkdir(parents=True, exist_ok=True)
    job.out.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    figure = over_time(found.points) if found.points else curves(found.steps)
    figure.savefig(job.out.with_suffix(".svg"), metadata={"Date": None})

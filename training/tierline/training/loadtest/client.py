"""The callers of a load test: closed and open loops of one asyncio client.

locust and its like only know closed loops, in which a slow server is asked less: what waits
outside is never measured. The open loop sends what is due when it is due.
"""

import asyncio
import itertools
import random
import re
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tierline.training.loadtest.apis import Api, tierline
from tierline.training.loadtest.outcome import NO_ANSWER, Step

_MEMORY: Final = re.compile(r"^process_resident_memory_bytes (\S+)", re.MULTILINE)
_PATIENCE: Final = aiohttp.ClientTimeout(total=120)


@dataclass
class Target:
    """A server, its callers' key, and the tickets to send over and over, as ``api`` takes them."""

    url: str
    tickets: Sequence[Mapping[str, Any]]
    per_request: int = 1
    key: str | None = None
    api: Api = tierline
    _next: Iterator[Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self._next = itertools.cycle(self.tickets)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {"X-API-Key": self.key} if self.key else {}

    def request(self) -> tuple[str, Any]:
        """Return the path and the body of the next request."""
        return self.api([next(self._next) for _ in range(self.per_request)])


class Callers:
    """Sends requests and notes what becomes of them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        # No limit of the client's own: callers wait for the server alone.
        self._session = aiohttp.ClientSession(
            target.url,
            headers=target.headers,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=_PATIENCE,
        )

    async def __aenter__(self) -> "Callers":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def closed(self, callers: int, seconds: float) -> Step:
        """Have so many callers ask again and again, each once it has its answer."""
        step = Step("closed", callers, self._target.per_request)
        begun = time.perf_counter()

        async def caller() -> None:
            while time.perf_counter() - begun < seconds:
                await self._ask(step, time.perf_counter())

        await asyncio.gather(*(caller() for _ in range(callers)))
        return await self._finished(step, begun)

    async def open(self, rate: float, seconds: float, seed: int = 0) -> Step:
        """Have ``rate`` tickets per second arrive by chance (Poisson), whatever the server does."""
        step = Step("open", rate, self._target.per_request)
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as asked:
            async for due in self._arrivals(rate, begun, seconds, seed):
                asked.create_task(self._ask(step, due))
        return await self._finished(step, begun)

    async def soak(
        self, rate: float, lengths: Sequence[float], told: Callable[[Step], object], seed: int = 0
    ) -> list[Step]:
        """Have tickets arrive as in ``open``, without a pause, in steps of so many seconds each.

        A request belongs to the step in which it was due. ``told`` gets each step that is over,
        with the server's memory then; its last requests may be under way yet.
        """
        steps = [Step("open", rate, self._target.per_request, length) for length in lengths]
        ends, over, begun = list(itertools.accumulate(lengths)), 0, time.perf_counter()
        async with asyncio.TaskGroup() as asked:
            async for due in self._arrivals(rate, begun, ends[-1], seed):
                now = min(bisect_right(ends, due - begun), len(steps) - 1)
                for step in steps[over:now]:
                    asked.create_task(self._over(step, told))
                over = now
                asked.create_task(self._ask(steps[now], due))
            await asyncio.sleep(max(0.0, begun + ends[-1] - time.perf_counter()))
            for step in steps[over:]:
                asked.create_task(self._over(step, told))
        return steps

    async def _arrivals(
        self, rate: float, begun: float, seconds: float, seed: int
    ) -> AsyncIterator[float]:
        """Yield when requests are due, each when it is."""
        chance, due = random.Random(seed), begun  # noqa: S311
        while due - begun < seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            yield due
            due += chance.expovariate(rate / self._target.per_request)

    async def _over(self, step: Step, told: Callable[[Step], object]) -> None:
        step.memory = await self._memory()
        told(step)

    async def _ask(self, step: Step, due: float) -> None:
        path, body = self._target.request()
        try:
            async with self._session.post(path, json=body) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = NO_ANSWER
        step.note(status, time.perf_counter() - due)

    async def _finished(self, step: Step, begun: float) -> Step:
        step.seconds = time.perf_counter() - begun
        step.memory = await self._memory()
        return step

    async def _memory(self) -> float | None:
        """Return the server's resident bytes, None where it doesn't say."""
        try:
            async with self._session.get("/metrics") as response:
                found = _MEMORY.search(await response.text())
        except (aiohttp.ClientError, TimeoutError):
            return None
        return float(found[1]) if found else None

"""Decides tickets on as many threads as there are cores, off the event loop.

Each ticket is computed alone, so that its answer can't depend on its company; what is dynamic
is how a batch is spread over the threads. No ticket waits for others to make a batch full: an
idle thread takes the next one at once.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from tierline.data.ticket import Ticket
from tierline.serving.live.cores import usable_cores
from tierline.serving.live.gate import Gate
from tierline.serving.live.limits import Limits
from tierline.serving.live.metrics import Metrics
from tierline.serving.routing.router import Decision, Router
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

T = TypeVar("T")
_WAITING: Final = 64


class Claim:
    """Who gives a ticket's answer: the first that takes it, and nobody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def taken(self) -> bool:
        """Whether somebody has taken it."""
        return self._lock.locked()

    def take(self) -> bool:
        """Take it, unless it is taken."""
        return self._lock.acquire(blocking=False)


class Engine:
    """The threads and the queue before them."""

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        threads: int | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.threads = threads or usable_cores()
        self.metrics = metrics or Metrics()
        self._deadline = limits.deadline
        self._gate = Gate(limits, self.threads, self.metrics.waiting.set)
        self._pool = ThreadPoolExecutor(self.threads, "tierline-decide")
        # The pool holds a job until a thread comes to it, even one that is cancelled: so no more
        # than keep every thread busy go in.
        self._places = asyncio.Semaphore(2 * self.threads)
        #: Rules take long over long texts. A request has a ticket on as many threads as there are
        #: cores at most: the next one finds one that is free.
        self._late = ThreadPoolExecutor(2 * self.threads, "tierline-late")
        #: Threads that wait for the store, or for a decision on another thread.
        self._waiting = ThreadPoolExecutor(_WAITING, "tierline-waiting")
        #: Work that asks no model waits for none that hangs.
        self._beside = ThreadPoolExecutor(self.threads, "tierline-beside")

    @property
    def idle(self) -> bool:
        """Whether a thread has nothing to do."""
        return self._gate.idle

    def admit(self, tickets: int) -> AbstractContextManager[None]:
        """Let a request of that many tickets in until the context ends.

        Raises:
            Overloaded: on entering it, when the queue is full.
        """
        return self._gate.admit(tickets)

    def due(self) -> float:
        """Return when the deadline of a request that comes now is past, by `time.monotonic`."""
        return time.monotonic() + self._deadline

    async def decide(
        self,
        router: Router,
        tickets: Sequence[Ticket],
        now: datetime,
        exclusions: Exclusions = NO_MORE,
        due: float | None = None,
    ) -> list[Decision]:
        """Return one decision per ticket, in order; call it within `admit`.

        ``due``: see `due` (None: as of now).
        A request has one ticket per thread in the queue at most: a large one lets small ones
        pass. Past the deadline the rules answer alone, whatever the model's threads do: a breach
        still goes to tier 3.
        """
        due = self.due() if due is None else due
        self.metrics.batch.observe(len(tickets))
        made: dict[int, Decision] = {}
        left = iter(enumerate(tickets))

        async def lane() -> None:
            for place, ticket in left:
                made[place] = await self._one(router.decide, ticket, now, exclusions, due)

        if len(tickets) == 1:
            await lane()
        else:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(min(len(tickets), self.threads)):
                    lanes.create_task(lane())
        return [made[place] for place in range(len(tickets))]

    async def run(self, work: Callable[..., T], *args: object, tickets: int = 1) -> T:
        """Do work of a request on a thread that may wait, within the limits.

        What asks the model does so by `WithinDeadline`.

        Raises:
            Overloaded: when the queue is full.
        """
        with self.admit(tickets):
            return await self._in(self._waiting, work, *args)

    async def compute(self, work: Callable[..., T], *args: object) -> T:
        """Do work that asks no model, of a request that is let in already."""
        return await self._in(self._beside, work, *args)

    def close(self) -> None:
        """Stop the threads; what no thread works on yet is dropped."""
        for pool in (self._pool, self._late, self._waiting, self._beside):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _one(
        self,
        deciding: Callable[..., list[Decision]],
        ticket: Ticket,
        now: datetime,
        exclusions: Exclusions,
        due: float,
    ) -> Decision:
        asked, claim = time.monotonic(), Claim()
        by_rules = partial(deciding, [ticket], now, exclusions, by_rules=True)
        if asked >= due:
            return await self._late_answer(by_rules)

        def work() -> tuple[Decision, float] | None:
            if claim.taken:
                return None
            begun = time.monotonic()
            self.metrics.stage("queue").observe(begun - asked)
            decision = deciding([ticket], now, exclusions, given=claim.take)[0]
            return decision, time.monotonic() - begun

        try:
            async with asyncio.timeout(due - asked):
                await self._places.acquire()
                job = self._in(self._pool, work)
                job.add_done_callback(self._left)
                await asyncio.wait((job,))
        except TimeoutError:
            if claim.take():
                return await self._late_answer(by_rules)
        finally:
            claim.take()
        found = await job
        assert found is not None  # noqa: S101 (what is claimed here goes no further)
        decision, seconds = found
        self._gate.took(seconds)
        return decision

    async def _late_answer(self, by_rules: Callable[[], list[Decision]]) -> Decision:
        self.metrics.late.inc()
        return (await self._in(self._late, by_rules))[0]

    def _left(self, job: "asyncio.Future[Any]") -> None:
        """Give the place of a job to the next one; an error of one that was late is nobody's."""
        self._places.release()
        if not job.cancelled():
            job.exception()

    def _in(
        self, pool: ThreadPoolExecutor, work: Callable[..., T], *args: object
    ) -> "asyncio.Future[T]":
        """Do work on a thread that logs and traces with the request's own context."""
        context = contextvars.copy_context()
        return asyncio.get_running_loop().run_in_executor(pool, context.run, work, *args)

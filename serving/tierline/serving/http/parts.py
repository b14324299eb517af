"""What a server is made of, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tierline.serving.http.model_state import ModelSource, ModelState
from tierline.serving.live.engine import Engine
from tierline.serving.live.options import Live
from tierline.serving.live.shadow import Agreement, Shadow
from tierline.serving.live.watching import Watch, all_of, log_advice, measuring
from tierline.serving.notify.notifier import Notifier
from tierline.serving.policy import Policy

if TYPE_CHECKING:
    from tierline.serving.store.store import Store


class Parts:
    """The engine, the model's state, and what runs beside them."""

    def __init__(
        self,
        policy: Policy,
        source: ModelSource | None,
        live: Live,
        store: "Store | None",
        notifier: Notifier | None,
    ) -> None:
        self.live, self.store, self.notifier = live, store, notifier
        self.engine = Engine(live.limits, live.threads)
        self.metrics = self.engine.metrics
        self.shadow: Shadow | None = None
        watches: list[Watch] = [measuring(self.metrics)]
        if live.shadow is not None:
            unseen = ModelState(
                policy, live.shadow, self.engine, lambda made: None, challenger=True
            )
            self._challenger = unseen
            self.shadow = Shadow(
                lambda: self.state.router,
                lambda: unseen.router,
                lambda: self.engine.idle,
                self.metrics,
            )
            watches.append(self.shadow.watch)
        if live.traces is not None:
            watches.append(live.traces.watch)
        if live.advice_only:
            watches.append(log_advice)
        self.state = ModelState(
            policy, source, self.engine, all_of(watches), advice_only=live.advice_only
        )

    def agreement(self) -> Agreement | None:
        """Return how often the challenger agrees, None where none runs."""
        if self.shadow is None:
            return None
        return self.shadow.agreement(self._challenger.public_problem)

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Start all, and stop all."""
        tasks = [asyncio.create_task(self._load_and_follow(self.state))]
        if self.shadow is not None:
            tasks.append(asyncio.create_task(self._load_and_follow(self._challenger)))
            self.shadow.start()
        if self.store is not None:
            await asyncio.to_thread(self.store.start)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(self._stop)

    async def _load_and_follow(self, state: ModelState) -> None:
        await state.load()
        if self.live.poll is not None:
            await state.follow(self.live.poll)

    def _stop(self) -> None:
        self.engine.close()
        for part in (self.store, self.notifier, self.live.traces, self.shadow):
            if part is not None:
                part.close()

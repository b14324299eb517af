"""A router for work on a thread that may wait: the engine decides, within its deadline."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tierline.data.ticket import Ticket
from tierline.serving.live.engine import Engine
from tierline.serving.routing.router import Decision, Router
from tierline.serving.teams.exclusions import NO_MORE, Exclusions


class WithinDeadline(Router):
    """Decides as ``router`` does; past the deadline the rules answer alone.

    Make it on the event loop's thread when the request comes, as the deadline counts from then: it
    holds while the work waits for a thread, or for other work, too. Use it on one of
    `Engine.run`'s threads.
    """

    def __init__(self, router: Router, engine: Engine) -> None:
        super().__init__(router.policy)
        self.predictor, self.what_if = router.predictor, router.what_if
        self._router, self._engine = router, engine
        self._loop, self._due = asyncio.get_running_loop(), engine.due()

    def decide(
        self,
        tickets: Sequence[Ticket],
        now: datetime,
        exclusions: Exclusions = NO_MORE,
        **how: Any,
    ) -> list[Decision]:
        """Return the decisions; ``how`` is for `Router.decide`, which is then asked itself."""
        if how:
            return self._router.decide(tickets, now, exclusions, **how)
        deciding = self._engine.decide(self._router, tickets, now, exclusions, self._due)
        return asyncio.run_coroutine_threadsafe(deciding, self._loop).result()

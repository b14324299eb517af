"""The deadline counts from when a request came: what waited past it asks no model any more."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.helpdesk.deliveries import Delivery
from tierline.serving.http.deliveries import Deliveries
from tierline.serving.live.engine import Engine
from tierline.serving.live.limits import Limits
from tierline.serving.live.within import WithinDeadline
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision, Router

from ..fakes import BREACH, CALM, NOW, POLICY, prediction, predictor
from .app import PATIENCE

DEADLINE = 0.05
TICKET = Ticket(id="1", body=BREACH)
Work = Callable[[Router], Decision]


class Holding(Router):
    """Decides by rules, once it is let go."""

    def __init__(self) -> None:
        super().__init__(POLICY)
        self.begun, self.go = threading.Event(), threading.Event()

    def decide(
        self, tickets: Sequence[Ticket], now: datetime, *how: Any, **more: Any
    ) -> list[Decision]:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return super().decide(tickets, now, *how, **more)


def answered_late(before: Work, work: Work) -> Recommendation:
    """What is answered to work that other work, ``before``, keeps waiting past its deadline."""
    asked: list[Ticket] = []

    def say(ticket: Ticket) -> Prediction:
        asked.append(ticket)
        return prediction()

    async def both() -> Recommendation:
        engine, first = Engine(Limits(deadline=DEADLINE), threads=1), Holding()
        holding = asyncio.create_task(engine.run(before, first))
        try:
            assert await asyncio.to_thread(first.begun.wait, PATIENCE)
            within = WithinDeadline(Router(POLICY, predictor(say)), engine)
            waiting = asyncio.create_task(engine.run(work, within))
            await asyncio.sleep(2 * DEADLINE)
        finally:
            first.go.set()
        await holding
        found = (await waiting).recommendation
        engine.close()
        return found

    found = asyncio.run(both())
    assert asked == []
    return found


def route(router: Router) -> Decision:
    return router.decide([TICKET], NOW)[0]


def test_work_that_waited_for_a_thread_past_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.serving.live.engine._WAITING", 1)
    found = answered_late(route, route)
    assert (found.tier, found.mode) == (3, "rules_only")


def test_a_hook_that_waited_for_its_turn_past_its_deadline() -> None:
    deliveries = Deliveries(None)

    def hook(router: Router, number: int) -> Decision:
        # Digests that differ in front share a turn.
        delivery = Delivery(f"{number:032x}{0:032x}", dated=True)
        return deliveries.decide(router, TICKET, NOW, delivery).made[0]

    found = answered_late(lambda router: hook(router, 1), lambda router: hook(router, 2))
    assert (found.tier, found.mode) == (3, "rules_only")


def test_late_answers_are_whole_so_that_they_replay() -> None:
    router, calm = Router(POLICY), Ticket(id="1", body=CALM)
    (alone,) = router.route([calm], NOW)
    engine = Engine(Limits(deadline=0), threads=1)
    (late,) = asyncio.run(engine.decide(router, [calm], NOW))
    engine.close()
    assert alone.would_change
    assert late.recommendation == alone


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_that_is_late_lets_another_callers_breach_pass(threads: int) -> None:
    slow, batch = Holding(), [Ticket(id=str(n), body=CALM) for n in range(6)]

    async def both() -> Decision:
        engine = Engine(Limits(deadline=0), threads=threads)
        held = asyncio.create_task(engine.decide(slow, batch, NOW))
        try:
            assert await asyncio.to_thread(slow.begun.wait, PATIENCE)
            (found,) = await asyncio.wait_for(
                engine.decide(Router(POLICY), [TICKET], NOW), PATIENCE / 4
            )
        finally:
            slow.go.set()
        assert len(await held) == len(batch)
        engine.close()
        return found

    assert asyncio.run(both()).recommendation.tier == 3

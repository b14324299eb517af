"""The threads and the queue before them: order, fairness, limits, and what is never late."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.live.engine import Engine
from tierline.serving.live.gate import Gate, Overloaded
from tierline.serving.live.limits import Limits
from tierline.serving.routing.router import Router

from ..fakes import BREACH, CALM, NOW, POLICY, broken, prediction, predictor

PATIENCE = 20.0


def router_of(say: Callable[[Ticket], Prediction] | None = None) -> Router:
    return Router(POLICY, predictor(say))


def tickets(count: int) -> list[Ticket]:
    return [Ticket(id=str(n), body=BREACH if n % 3 == 0 else CALM) for n in range(count)]


@settings(deadline=None, max_examples=10)
@given(count=st.integers(0, 8), threads=st.integers(1, 4))
def test_a_batch_equals_its_tickets_alone(count: int, threads: int) -> None:
    asked = tickets(count)
    router, engine = router_of(), Engine(threads=threads)

    async def both() -> tuple[list[Any], list[Any]]:
        many = await engine.decide(router, asked, NOW)
        return many, [(await engine.decide(router, [one], NOW))[0] for one in asked]

    many, alone = asyncio.run(both())
    engine.close()
    assert many == alone == router.decide(asked, NOW)


def test_a_model_that_breaks_costs_no_answer() -> None:
    engine = Engine(threads=2)
    made = asyncio.run(engine.decide(router_of(broken), tickets(5), NOW))
    engine.close()
    found = [one.recommendation for one in made]
    assert [one.mode for one in found] == ["rules_only"] * 5
    assert [one.tier for one in found] == [3, 1, 1, 3, 1]


def test_all_threads_work_and_no_more() -> None:
    together, lock, most = [0], threading.Lock(), [0]
    meet = threading.Barrier(3)

    def say(ticket: Ticket) -> Prediction:
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        meet.wait(PATIENCE)
        with lock:
            together[0] -= 1
        return prediction()

    engine = Engine(threads=3)
    asyncio.run(engine.decide(router_of(say), tickets(9), NOW))
    engine.close()
    assert most == [3]


def test_a_large_batch_lets_a_single_ticket_pass() -> None:
    answered: list[str | None] = []

    def say(ticket: Ticket) -> Prediction:
        answered.append(ticket.id)
        time.sleep(0.001)
        return prediction()

    router, engine = router_of(say), Engine(threads=1)

    async def crowd() -> None:
        batch = asyncio.create_task(engine.decide(router, tickets(60), NOW))
        while len(answered) < 5:
            await asyncio.sleep(0)
        await engine.decide(router, [Ticket(id="single", body=CALM)], NOW)
        await batch

    asyncio.run(crowd())
    engine.close()
    # It waits for the ticket that is in the queue before it, never for the batch.
    assert answered.index("single") < 25
    assert len(answered) == 61


def test_a_model_that_hangs_leaves_breaches_to_the_rules() -> None:
    done, asked = threading.Event(), []

    def hang(ticket: Ticket) -> Prediction:
        asked.append(ticket.id)
        assert len(asked) > 1 or done.wait(PATIENCE)
        return prediction()

    # On a busy machine the thread may come late to the first one.
    engine = Engine(Limits(deadline=0.5), threads=1)
    made = asyncio.run(engine.decide(router_of(hang), tickets(4), NOW))
    done.set()
    engine.close()
    found = [one.recommendation for one in made]
    assert [(one.tier, one.mode) for one in found] == [
        (tier, "rules_only") for tier in (3, 1, 1, 3)
    ]
    assert {one.review_reason for one in found} == {"degraded"}
    assert asked == ["0"]


def crowded(limits: Limits, seconds: float = 0.0) -> Gate:
    """A gate with one thread, that has learnt how long a ticket takes."""
    gate = Gate(limits, threads=1)
    gate.took(seconds)
    return gate


def test_past_the_queue_callers_are_sent_away() -> None:
    gate = crowded(Limits(waiting=10))
    with gate.admit(11):
        assert gate.waiting == 10
        with pytest.raises(Overloaded), gate.admit(1):
            pass
        assert gate.waiting == 10
    with gate.admit(1):
        assert gate.waiting == 0


def test_what_finds_nobody_waiting_is_taken_whatever_its_size() -> None:
    gate = crowded(Limits(waiting=1, wait=0.0), seconds=60)
    with gate.admit(256):
        pass
    with gate.admit(1), gate.admit(256):
        pass


def test_nobody_is_let_in_to_wait_too_long() -> None:
    gate = crowded(Limits(wait=1.0), seconds=0.3)
    with gate.admit(1), gate.admit(1), gate.admit(1):
        assert gate.expected_wait == pytest.approx(0.9)
        with gate.admit(1), pytest.raises(Overloaded) as refused, gate.admit(1):
            pass
    assert refused.value.retry_after == 1


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), max_size=30), st.integers(1, 8), st.floats(0, 5))
def test_the_gate_counts_right(sizes: list[int], threads: int, seconds: float) -> None:
    waiting: list[int] = []
    gate = Gate(Limits(waiting=400), threads, waiting.append)
    gate.took(seconds)
    held: list[Any] = []
    for size in sizes:
        context = gate.admit(size)
        try:
            context.__enter__()
        except Overloaded as refused:
            assert 1 <= refused.retry_after <= 60
            continue
        held.append(context)
        assert gate.waiting <= 400 + threads + 300
    for context in held:
        context.__exit__(None, None, None)
    assert gate.waiting == 0
    assert gate.idle
    assert all(count >= 0 for count in waiting)

"""Reading, answering and writing go on side by side, in order, with little held at a time."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from tierline.serving.backlog.pipeline import in_order

#: A step that waits for one that never comes gives up: on a busy machine it may take a while.
PATIENCE = 60.0
#: What would read too much has this long to be seen; what doesn't can't be taken for it.
GLANCE = 0.005


class Numbers:
    """Counts from 0, and how many were read; ``error`` comes after ``last`` numbers."""

    def __init__(self, last: int, error: Exception | None = None) -> None:
        self._last, self._error = last, error
        self._read, self._changed = 0, threading.Condition()

    def __iter__(self) -> Iterator[int]:
        for number in range(self._last):
            with self._changed:
                self._read += 1
                self._changed.notify_all()
            yield number
        if self._error:
            raise self._error

    def read(self, at_least: int) -> int:
        """Wait until so many were read; return how many are a glance later."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._read >= at_least, PATIENCE)
            self._changed.wait_for(lambda: self._read > at_least, GLANCE)
            return self._read


def negative(number: int) -> int:
    return -number


@pytest.mark.parametrize("count", [0, 1, 3, 50])
@pytest.mark.parametrize("workers", [1, 3])
def test_every_result_comes_once(count: int, workers: int) -> None:
    assert list(in_order(iter(Numbers(count)), negative, workers)) == [-n for n in range(count)]


def test_workers_work_at_the_same_time() -> None:
    together = threading.Barrier(3)

    def meet(number: int) -> int:
        together.wait(PATIENCE)
        return number

    assert list(in_order(iter(range(9)), meet, 3)) == list(range(9))


def test_what_is_done_first_waits_for_its_turn() -> None:
    later_one_done = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            later_one_done.set()
        elif number == 0:
            assert later_one_done.wait(PATIENCE)
        return number

    assert list(in_order(iter(range(6)), work, 2)) == list(range(6))


def test_reading_goes_on_while_the_first_is_worked_on() -> None:
    numbers = Numbers(6)

    def work(number: int) -> int:
        if number == 0:
            numbers.read(at_least=2)
        return number

    assert list(in_order(iter(numbers), work, 1)) == list(range(6))


def test_work_goes_on_while_a_result_is_used() -> None:
    done = [threading.Event() for _ in range(6)]

    def work(number: int) -> int:
        done[number].set()
        return number

    for number in in_order(iter(range(6)), work, 1):
        for later in done[number : number + 2]:
            assert later.wait(PATIENCE)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_more_is_held_than_promised(workers: int) -> None:
    """What a result's user has in hand is held, too: it reads on only when it comes back."""
    count = 40
    numbers, most = Numbers(count), 0
    for used, _ in enumerate(in_order(iter(numbers), negative, workers)):
        ahead = min(used + workers + 2, count)
        most = max(most, numbers.read(at_least=ahead) - used)
    assert most == workers + 2


def test_nothing_more_is_read_than_promised_while_work_hangs() -> None:
    free = threading.Event()
    numbers = Numbers(40)

    def work(number: int) -> int:
        assert free.wait(PATIENCE)
        return number

    found: list[int] = []
    using = threading.Thread(target=lambda: found.extend(in_order(iter(numbers), work, 2)))
    using.start()
    held = numbers.read(at_least=4)
    free.set()
    using.join(PATIENCE)
    assert (held, found) == (4, list(range(40)))


def test_what_was_read_before_an_error_comes_before_it() -> None:
    results = in_order(iter(Numbers(5, OSError("the disk is gone"))), negative, 3)
    assert list(itertools.islice(results, 5)) == [0, -1, -2, -3, -4]
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)


def test_an_error_in_work_comes_in_its_turn() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    results = in_order(iter(range(9)), work, 3)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_one_who_stops_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    results = in_order(iter(itertools.count()), negative, 2)
    assert next(results) == 0
    results.close()
    assert not {one.name for one in set(threading.enumerate()) - before}


def test_what_is_to_stop_hears_of_an_error_before_others_are_waited_for() -> None:
    stopped, heard = threading.Event(), list[bool]()

    def work(number: int) -> None:
        if number == 0:
            raise KeyboardInterrupt
        heard.append(stopped.wait(PATIENCE))

    with pytest.raises(KeyboardInterrupt):
        list(in_order(iter(range(9)), work, 3, stopped.set))
    assert heard
    assert all(heard)

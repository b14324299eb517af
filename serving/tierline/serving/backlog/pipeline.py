"""Work on a stream in threads, results in the stream's order and memory bounded."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")
_END: Final = object()


def in_order(
    items: Iterator[T],
    work: Callable[[T], R],
    workers: int,
    stop: Callable[[], None] = lambda: None,
) -> Generator[R, None, None]:
    """Yield what ``work`` makes of each item, in order; close it to end its threads before.

    One thread reads the next item, ``workers`` threads work on those before it, and the caller
    uses a result meanwhile: at most ``workers`` + 2 items are held. Results of what was read
    before an error come before the error. ``stop`` is called at the end, before work that still
    goes on is waited for.
    """
    with (
        ThreadPoolExecutor(1, "tierline-read") as reader,
        ThreadPoolExecutor(workers, "tierline-answer") as pool,
    ):
        waiting: deque[Future[R]] = deque()
        failure: Exception | None = None
        try:
            upcoming = reader.submit(next, items, _END)
            while True:
                try:
                    item = upcoming.result()
                except Exception as error:
                    failure = error
                    break
                if item is _END:
                    break
                upcoming = reader.submit(next, items, _END)
                waiting.append(pool.submit(work, item))  # type: ignore[arg-type]
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            stop()
            reader.shutdown(wait=False, cancel_futures=True)
            pool.shutdown(wait=False, cancel_futures=True)
    if failure is not None:
        raise failure

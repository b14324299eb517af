"""What a bundle costs to serve: time against another's, bytes on disk, memory."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final

from tierline.data.ticket import Ticket
from tierline.models.runtime.predictor import Predictor
from tierline.training.benchmark.watch import peak_mebibytes

#: Tickets that are timed: a median over so many is steady on a busy machine.
_TIMED: Final = 100
_MEBIBYTE: Final = 2**20


def latency_ratio(
    predictor: Predictor,
    other: Predictor,
    tickets: Sequence[Ticket],
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median, over tickets, of one model's time over the other's.

    Both answer the same ticket one right after the other, each first half of the times: what else
    the machine does then slows both alike.
    """
    chosen = tickets[:_TIMED]
    for one in (predictor, other):
        one.predict(chosen[:1])

    def seconds(one: Predictor, ticket: Ticket) -> float:
        start = clock()
        one.predict([ticket])
        return clock() - start

    ratios = []
    for i, ticket in enumerate(chosen):
        order = (predictor, other) if i % 2 == 0 else (other, predictor)
        took = {id(one): seconds(one, ticket) for one in order}
        ratios.append(took[id(predictor)] / took[id(other)])
    return median(ratios)


def size(folder: Path) -> int:
    """Return the bytes of all files of a bundle."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def peak_memory(folder: Path, tickets: Sequence[Ticket]) -> int:
    """Return the most bytes that a process of its own holds which answers with the bundle."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_answer, folder, list(tickets[:_TIMED])).result()


def _answer(folder: Path, tickets: list[Ticket]) -> int:
    predictor = Predictor.load(folder, threads=1)
    predictor.predict(tickets)
    predictor.close()
    return int(peak_mebibytes() * _MEBIBYTE)

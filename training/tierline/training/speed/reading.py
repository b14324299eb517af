"""One reading: a contestant in a fresh process, warmed up, timed over the same tickets."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from tierline.data.errors import InputError
from tierline.models.runtime.graph import Device
from tierline.training.benchmark.watch import now, peak_mebibytes
from tierline.training.speed.contestants import CONTESTANTS, Setting
from tierline.training.speed.handing import load_tickets

_WARM_UP: Final = 32


@dataclass(frozen=True)
class Asked:
    """What a process is to time: a contestant (or ``gemm``), its setting, and the tickets' file.

    ``first`` limits the tickets to the first of the file; ``policy`` is a file's name, the default
    policy if None; ``device`` computes the encoder, or multiplies.
    """

    contestant: str
    folder: str
    threads: int
    batch: int
    tickets: str
    policy: str | None = None
    device: Device = Device.CPU
    first: int | None = None


@dataclass(frozen=True)
class Reading:
    """What came of it: seconds of answering, CPU seconds, and the process's peak memory in MiB.

    ``answers`` holds the labels by head.
    """

    seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    answers: dict[str, list[str]]


def read(asked: Asked) -> Reading:
    """Time a contestant in a process of its own.

    Raises:
        InputError: when the process fails, with what it said.
    """
    found = json.loads(_in_process(_child, asked))
    if "error" in found:
        raise InputError(f"{asked.contestant}: {found['error']}")
    return Reading(**found)


def gemm_peak(threads: int, device: Device) -> float:
    """Return the most float32 operations per second that a product of large matrices reaches."""
    return float(_in_process(_gemm, Asked("gemm", "", threads, 0, "", device=device)))


def _in_process(work: Callable[[Asked, Connection], None], asked: Asked) -> str:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)  # read when a library is loaded
    try:
        child = context.Process(target=work, args=(asked, theirs), daemon=True)
        child.start()
    finally:
        os.environ.pop("OMP_NUM_THREADS")
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before
    theirs.close()
    try:
        return ours.recv_bytes().decode()
    except EOFError:
        child.join()
        raise InputError(f"{asked.contestant}: its process ended with {child.exitcode}") from None
    finally:
        child.join()
        ours.close()


def _child(asked: Asked, pipe: Connection) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # libraries draw bars of their own
    os.dup2(nowhere, 2)
    try:
        said = asdict(_timed(asked))
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}
    pipe.send_bytes(json.dumps(said).encode())


def _timed(asked: Asked) -> Reading:
    tickets = load_tickets(Path(asked.tickets))[: asked.first]
    setting = Setting(Path(asked.folder), asked.threads, asked.batch, asked.policy, asked.device)
    answer = CONTESTANTS[asked.contestant](setting)
    answer(tickets[:_WARM_UP])
    started = now()
    answers = answer(tickets)
    ended = now()
    by_head = {head: list(labels) for head, labels in answers.items()}
    return Reading(ended[0] - started[0], ended[1] - started[1], peak_mebibytes(), by_head)


def _gemm(asked: Asked, pipe: Connection) -> None:
    import torch

    torch.set_num_threads(asked.threads)
    size = 2048
    a, b = (torch.rand(size, size, device=asked.device.value) for _ in range(2))
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        (a @ b)[0, 0].item()  # waits for a GPU
        seconds.append(time.perf_counter() - started)
    pipe.send_bytes(str(2 * size**3 / min(seconds)).encode())

"""Answer stretches in several processes: rules and policy hold Python's lock, one thread at a time.

This process answers, too, from the beginning. The others join it when they are ready, and where the
backlog is long enough to be worth their start. One that can't start or dies costs nothing but
speed: its stretch is answered here.
"""

import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final

from tierline.models.runtime.graph import Device
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.inputs import Stretch
from tierline.serving.backlog.summary import Chunk
from tierline.serving.backlog.wire import (
    Told,
    chunk_from,
    receive,
    send,
    stretch_bytes,
    told_bytes,
)
from tierline.serving.store.versions import backlog_version

log = logging.getLogger(__name__)
#: A process takes a second or two to start: fewer records than these are sooner answered here.
_WORTH: Final = 4_096
#: While one stretch is with the model, the one before it goes through the rules.
_HERE: Final = 2


class _Process:
    """One other process."""

    def __init__(self) -> None:
        # -P: what lies in the working folder is no module of ours.
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "tierline.serving.backlog.answering_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The same code, wherever this process has it from.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def tell(self, told: bytes) -> None:
        """Say by what it answers, and wait until it is ready."""
        self._ask(told)

    def answer(self, stretch: bytes) -> Chunk | None:
        """Return a stretch's chunk, None where it fails to make one."""
        parts = self._ask(stretch)
        return chunk_from(parts) if parts else None

    def _ask(self, part: bytes) -> list[bytes]:
        asked, answered = self._popen.stdin, self._popen.stdout
        if asked is None or answered is None:
            raise EOFError
        send(asked, part)
        return receive(answered)

    def end(self) -> None:
        """End it at once: whatever it holds is answered by others or by nobody."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class Processes:
    """Turns stretches into what is written of them, here and in up to ``more`` other processes.

    Call it from as many threads as `threads` says; `close` ends the others.
    """

    def __init__(self, here: Answering, out: Path, more: int) -> None:
        self._here, self._out, self._more = here, out, more
        #: Who is free to answer; None is this process.
        self._free: SimpleQueue[_Process | None] = SimpleQueue()
        for _ in range(_HERE):
            self._free.put(None)
        self._lock, self._ended = Lock(), False
        self._processes: list[_Process] = []
        self._starting: list[Thread] = []

    @property
    def threads(self) -> int:
        """How many stretches are answered at once at most."""
        return _HERE + self._more

    def __call__(self, stretch: Stretch) -> Chunk:
        """Return a stretch's chunk, whoever makes it."""
        self._start_for(stretch)
        process = self._free.get()
        if process is None:
            try:
                self._refuse_when_ended()
                return self._here(stretch)
            finally:
                self._free.put(None)
        try:
            asked = stretch_bytes(stretch)
        except ValueError:
            self._free.put(process)
            return self._here(stretch)
        try:
            chunk = process.answer(asked)
        except (EOFError, OSError, ValueError):
            process.end()
            self._refuse_when_ended()
            return self._here(stretch)
        self._free.put(process)
        return chunk or self._here(stretch)

    def _refuse_when_ended(self) -> None:
        """Raise where nobody waits for a chunk any more."""
        if self._ended:
            raise EOFError

    def _start_for(self, stretch: Stretch) -> None:
        """Start the others, once, where enough is left to read after this stretch."""
        read = stretch.start + len(stretch.records)
        left = read / stretch.share - read if stretch.share else _WORTH
        with self._lock:
            if self._ended or self._starting or left < _WORTH:
                return
            self._starting = [Thread(target=self._start) for _ in range(self._more)]
            # Under the lock: `close` waits for them, and can't for one that hasn't begun.
            for thread in self._starting:
                thread.start()

    def _start(self) -> None:
        try:
            told = told_bytes(self._told())
            with self._lock:
                if self._ended:
                    return
                process = _Process()
                self._processes.append(process)
            process.tell(told)
        except (EOFError, OSError, ValueError) as error:
            if not self._ended:
                why = type(error).__name__
                log.warning("an answering process can't start (%s): going on without it", why)
            return
        self._free.put(process)

    def _told(self) -> Told:
        router = self._here.router
        policy, predictor = router.policy, router.predictor
        return Told(
            policy=policy.model_dump(mode="json"),
            bundle=str(predictor.folder.resolve()) if predictor else None,
            what_if=router.what_if,
            now=self._here.now,
            out=str(self._out.resolve()),
            versions=(backlog_version(), policy.version, predictor.version if predictor else None),
            device=predictor.device if predictor else Device.CPU,
        )

    def close(self) -> None:
        """End the others; who waits for one of them, or to answer here, gives up."""
        with self._lock:
            self._ended = True
        # Who waits for somebody to be free has to hear of it, one after the other.
        self._free.put(None)
        for process in self._processes:
            process.end()
        for thread in self._starting:
            thread.join()

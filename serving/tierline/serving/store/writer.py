"""Writes decisions in the background, so that no answer waits for a database.

Decisions go through a bounded queue to one thread, which writes some hundreds at a time. While
the store is away they go to the spool; when it is back, the spool is written. What the spool
can't take either (a full disk) is held in memory, up to a bound, until one of the two takes it.
Ids are made with the answers and inserts skip what is there, so nothing is doubled by trying again.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from tierline.data.errors import StoreError
from tierline.serving.store.engine import RowsRefusedError
from tierline.serving.store.held import Held
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.spool import Spool

log = logging.getLogger(__name__)

_BATCH: Final = 500
_QUEUE: Final = 20_000
_PAUSE_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = (0.5, 30.0)


class Writer:
    """The queue and its thread.

    ``write`` inserts items or raises `StoreError`; ``check`` raises it while the store is away;
    ``seal`` puts hashes in place of ids as far as the key is known. ``problem`` is None while
    the store is there. ``lost`` counts decisions that neither store nor disk would take, beyond
    the ``room`` in memory or until the end.
    """

    def __init__(
        self,
        write: Callable[[list[Json]], None],
        check: Callable[[], None],
        seal: Callable[[Json], Json],
        spool: Spool,
        room: int = _QUEUE,
    ) -> None:
        self._write, self._check, self._seal, self._spool = write, check, seal, spool
        self._queue: queue.Queue[Remembered] = queue.Queue(room)
        self._held = Held(room)
        self._holding = threading.Lock()
        #: Whoever has it writes what is held or spooled: for long, perhaps, so others don't wait.
        self._emptying = threading.Lock()
        self._spool_due = 0.0
        self._spool_retry = _RETRY_SECONDS[0]
        self._retry = _RETRY_SECONDS[0]
        self._due = 0.0
        self._leaving = threading.Lock()
        self._closing, self._ended = threading.Event(), threading.Event()
        #: How many decisions of the queue the thread is done with; told to whoever waits for some.
        self._done, self._progress = 0, threading.Condition()
        self.problem: str | None = None
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="tierline-store", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def holds(self) -> bool:
        """Whether decisions are held in memory because neither store nor disk takes them."""
        return self._held.count > 0

    @property
    def idle(self) -> bool:
        """Whether everything submitted so far is in the store, or was refused by it."""
        return not (self._queue.unfinished_tasks or self.holds) and self._spool.is_empty()

    def submit(self, found: Sequence[Remembered], *, wait: bool = False) -> None:
        """Take decisions to write; returns at once, unless ``wait`` asks for room in the queue.

        Without room they go to the spool at once: a short write to a local disk. While others
        write what is spooled or held, they are held too, and only what doesn't fit there waits.
        What comes after `close` goes to the spool, or is counted as lost.
        """
        for i, one in enumerate(found):
            try:
                self._queue.put(one, block=wait and not self._ended.is_set())
            except queue.Full:
                self._keep(self._items(found[i:]))
                break
        if self._ended.is_set():  # Set before the thread's last look: one of the two finds it.
            self._finish()

    def flush(self) -> None:
        """Wait until everything submitted so far is in the store or the spool, or held."""
        # The queue's own `join` never ends while more keep coming.
        with self._progress:
            due = self._done + self._queue.unfinished_tasks
            self._progress.wait_for(lambda: self._done >= due)

    def close(self) -> None:
        """Write what is left, to the store or the spool, and stop the thread."""
        self._closing.set()
        self._thread.join()

    def away(self, error: Exception) -> None:
        """Note that the store can't be reached; it is tried again after a while."""
        # Only the store's own errors are known to say nothing of tickets.
        problem = str(error) if isinstance(error, StoreError) else type(error).__name__
        with self._leaving:
            if self.problem is None:
                folder = self._spool.folder
                log.error("the store is away, decisions wait in %s: %s", folder, problem)
            elif not self._may_try():
                return  # many asked at once, and all of them failed once
            self.problem = problem
            self._due = time.monotonic() + self._retry
            self._retry = min(2 * self._retry, _RETRY_SECONDS[1])

    def catch_up(self) -> bool:
        """Write some of the spool; return whether nothing is left of it.

        Raises:
            StoreError: when the store is away.
        """
        return self._spool.drain(self._write_or_refuse, _BATCH)

    def _back(self) -> None:
        if self.problem is not None:
            log.info("the store is back")
        self.problem, self._retry = None, _RETRY_SECONDS[0]

    def _run(self) -> None:
        while not (self._closing.is_set() and self._queue.empty()):
            batch = self._take(_PAUSE_SECONDS)
            if batch:
                self._store(self._items(batch))
            self._tell_done(len(batch))
            self._catch_up()
        self._ended.set()
        self._finish()

    def _tell_done(self, decisions: int) -> None:
        with self._progress:
            for _ in range(decisions):
                self._queue.task_done()
            self._done += decisions
            self._progress.notify_all()

    def _finish(self) -> None:
        """Keep what came after the thread's last look at the queue; let go of what is held."""
        while batch := self._take(0.0):
            self._keep(self._items(batch))
            self._tell_done(len(batch))
        self._let_go()

    def _take(self, patience: float) -> list[Remembered]:
        batch: list[Remembered] = []
        try:
            batch.append(self._queue.get(timeout=patience))
            while len(batch) < _BATCH:
                batch.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _store(self, items: list[Json]) -> None:
        if self.problem is not None and not self._may_try():
            self._keep(items)
            return
        try:
            if self.problem is not None:
                self._check()
            self._write_or_refuse(items)
        except Exception as error:
            # Whatever it is, the thread must live on and the items be kept.
            self.away(error)
            self._keep(items)
        else:
            self._back()

    def _catch_up(self) -> None:
        """Write some of the spool, or see whether the store is back."""
        waiting = self.holds or not self._spool.is_empty()
        if self._closing.is_set() or not (waiting or self.problem is not None):
            return
        if self.problem is not None and not self._may_try():
            self._keep([])
            return
        try:
            if self.problem is not None:
                self._check()
            self._write_held()
            with self._emptying:
                self.catch_up()
        except Exception as error:
            self.away(error)
        else:
            self._back()

    def _may_try(self) -> bool:
        return time.monotonic() >= self._due

    def _write_or_refuse(self, items: list[Json]) -> None:
        """Write items; when the database refuses them, one by one, and set the bad ones aside."""
        try:
            self._write(items)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, RowsRefusedError):
                raise
            versions = [item for item in items if "version" in item]
            rows = [item for item in items if "version" not in item]
            if len(rows) <= 1:
                log.error("the store refuses a row; it is kept in %s", self._spool.folder)
                self._spool.refuse([self._seal(item) for item in items])
                return
            for row in rows:
                self._write_or_refuse([*versions, row])

    def _write_held(self) -> None:
        with self._emptying:
            self._empty_held(self._write_or_refuse)

    def _keep(self, items: list[Json]) -> None:
        """Put items into the spool, with what is held; what it can't take is held."""
        with self._holding:
            self._held.add(items)
            waiting, wait = self.holds, self._held.surplus > 0
        due = waiting and time.monotonic() >= self._spool_due
        if due and self._emptying.acquire(blocking=wait):
            try:
                self._spool_held()
            finally:
                self._emptying.release()
        with self._holding:
            self._lose(self._held.trim(), "no more fits in memory")

    def _spool_held(self) -> None:
        try:
            self._empty_held(lambda items: self._spool.append([self._seal(i) for i in items]))
        except Exception as error:
            if not self._spool_due:
                problem = getattr(error, "strerror", None) or type(error).__name__
                folder = self._spool.folder
                log.error("%s can't be written (%s): decisions wait in memory", folder, problem)
            self._spool_due = time.monotonic() + self._spool_retry
            self._spool_retry = min(2 * self._spool_retry, _RETRY_SECONDS[1])
        else:
            self._spool_due, self._spool_retry = 0.0, _RETRY_SECONDS[0]

    def _empty_held(self, take: Callable[[list[Json]], None]) -> None:
        """Hand over what is held, some hundreds at a time, until ``take`` raises."""
        while True:
            with self._holding:
                items = self._held.first(_BATCH)
            if not items:
                return
            take(items)
            with self._holding:
                self._held.drop(items)

    def _let_go(self) -> None:
        """Try store and spool once more; what neither takes ends with this process."""
        if not self.holds:
            return
        try:
            self._check()
            self._write_held()
        except Exception:
            # Whatever it is: the spool is what is left to try.
            self._spool_due = 0.0
            self._keep([])
        with self._holding:
            lost = self._held.count
            self._held.drop(self._held.first(lost))
        self._lose(lost, "the process ends")

    def _lose(self, decisions: int, why: str) -> None:
        if decisions:
            self.lost += decisions
            folder = self._spool.folder
            log.error("%d decisions lost: neither store nor %s, and %s", decisions, folder, why)

    def _items(self, found: Sequence[Remembered]) -> list[Json]:
        """Return the rows of several decisions; versions that they share come once."""
        rows: list[Json] = []
        known: set[str] = set()
        for one in found:
            try:
                items = [*one.versions(known), one.decision()]
            except Exception as error:
                # One decision that can't be put down must not take the others along.
                self.lost += 1
                log.error("decision %s can't be stored (%s)", one.id, type(error).__name__)
                continue
            known |= {item["version"] for item in items if "version" in item}
            rows += items
        return rows

"""Tell audiences in the background: an answer never waits, and nothing is sent twice."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Final

from tierline.data.ticket import Ticket
from tierline.serving.handoff.packet import Packet
from tierline.serving.notify.delivery import Deliver
from tierline.serving.notify.endpoints import Endpoint, Endpoints, audience_id
from tierline.serving.notify.letter import Letter, News, letters
from tierline.serving.notify.outbox import Outbox
from tierline.serving.notify.sending import send as send_by_apprise
from tierline.serving.routing.recommendation import Recommendation

log = logging.getLogger(__name__)
Send = Callable[[str, str, str], bool]

#: Letters that may wait for one endpoint; the next one is a dead letter at once.
LIMIT: Final = 1_000
_GRACE_SECONDS: Final = 5.0
_ENDING_SECONDS: Final = 1.0
_STOPPED: Final = "the server stopped"


class Notifier:
    """Queues letters for its endpoints, each with a thread of its own.

    So a service that is down holds up no other one. ``send`` gets URL, title and body.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        outbox: Outbox,
        send: Send = send_by_apprise,
        limit: int = LIMIT,
        pause: float = 1.0,
    ) -> None:
        self._endpoints = endpoints
        self._outbox = outbox
        self._stopping = threading.Event()
        self._lanes = {
            (e.audience, e.number): _Lane(e, Deliver(outbox, send, self._stopping, pause), limit)
            for group in endpoints.values()
            for e in group
        }
        outbox.prune()

    def tell(
        self, ticket: Ticket, answer: Recommendation, now: datetime, packet: Packet | None = None
    ) -> tuple[str, ...]:
        """Queue what the answer's audiences should know, and return those that have a URL.

        With a ``packet`` the team that gets it, too (where it has no URL, its tier); what the
        packet lacks is said.
        """
        told = dict.fromkeys(self._known(name, answer) for name in answer.notify)
        owner = None
        if packet is not None:
            own = audience_id(answer.team)
            owner = own if own in self._endpoints else f"tier_{answer.tier}"
            told[owner] = None
        reached = [audience for audience in told if audience in self._endpoints]
        for audience in reached:
            news = News(ticket, answer, packet, owner=audience == owner)
            self._queue(letters(news, audience, len(self._endpoints[audience]), now))
        return tuple(reached)

    def _known(self, name: str, answer: Recommendation) -> str:
        """Return an audience; for a team or a person without a URL, the answer's tier."""
        audience = audience_id(name)
        if audience in self._endpoints or audience in ("manager", "on_call"):
            return audience
        return f"tier_{answer.tier}"

    def _queue(self, found: Iterable[Letter]) -> None:
        for letter in found:
            lane = self._lanes[letter.audience, letter.endpoint]
            problem = lane.put(letter)
            if problem is not None:
                bury_safely(self._outbox, letter, problem)

    def close(self, grace: float = _GRACE_SECONDS) -> None:
        """Send what can be sent within the grace; the rest is on the list of dead letters.

        So is what is told later.
        """
        for lane in self._lanes.values():
            lane.finish()
        self._join(grace)
        self._stopping.set()
        for lane in self._lanes.values():
            for letter in lane.left():
                bury_safely(self._outbox, letter, _STOPPED)
        self._join(_ENDING_SECONDS)

    def _join(self, seconds: float) -> None:
        """Wait so long for all lanes together: many that hang must not use up the server's end."""
        due = time.monotonic() + seconds
        for lane in self._lanes.values():
            lane.join(max(0.0, due - time.monotonic()))


class _Lane:
    """One endpoint's queue and thread; the thread starts with the first letter."""

    def __init__(self, endpoint: Endpoint, deliver: Deliver, limit: int) -> None:
        self._endpoint, self._deliver, self._limit = endpoint, deliver, limit
        self._queue: SimpleQueue[Letter | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock, self._finished = threading.Lock(), False

    def put(self, letter: Letter) -> str | None:
        """Return why the letter can't be queued, None where it is."""
        with self._lock:
            if self._finished:
                return _STOPPED
            if self._queue.qsize() >= self._limit:
                return "the queue was full"
            self._queue.put(letter)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="tierline-notify", daemon=True
                )
                self._thread.start()
        return None

    def finish(self) -> None:
        """Let the thread end with what is queued by now: nothing comes after it."""
        with self._lock:
            self._finished = True
        self._queue.put(None)

    def join(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def left(self) -> list[Letter]:
        """Take what is still queued."""
        found = []
        try:
            while (letter := self._queue.get_nowait()) is not None:
                found.append(letter)
        except Empty:
            return found
        self._queue.put(None)
        return found

    def _run(self) -> None:
        while (letter := self._queue.get()) is not None:
            try:
                self._deliver(self._endpoint.url, letter)
            except Exception as error:
                # A thread that ends would silence its audience; no text goes to the log.
                log.error("notification %s: %s", letter.key, type(error).__name__)


def bury_safely(outbox: Outbox, letter: Letter, problem: str) -> None:
    """Bury a letter; where even that fails, the log names its key."""
    try:
        outbox.bury(letter, problem)
    except OSError as error:
        log.error("notification %s is lost: %s (%s)", letter.key, problem, type(error).__name__)

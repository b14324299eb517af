"""Connections that a caller can't hold by sending nothing, or no end of it."""

import asyncio
import sys
from typing import Final

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from tierline.serving.live.safe_headers import NOTHING_LOADS, SAFE_HEADERS

#: What else a process has open: model, store, logs.
_OTHER_FILES: Final = 256
#: As many as uvicorn takes at once, before one of them can make room.
_AT_ONCE: Final = 2048
#: By then others may have gone.
_ROOM_SECONDS: Final = "5"
_NO_ROOM: Final = "this server has as many connections as it may have; come again later"
_NO_HTTP: Final = "expected an HTTP/1.1 request with a head of some kilobytes; found none"


class PatientConnection(H11Protocol):
    """Uvicorn's connection over h11, with an end to waiting and a choice whom to leave.

    Uvicorn waits for ever for a first byte and for the end of a head. Here a connection is closed
    after ``patience`` seconds of that. Past ``limit_concurrency`` connections the one that has
    waited longest without a whole request makes room for a new one; where all have one, the new
    one gets 503. (Uvicorn would answer that to all, and count tasks whose callers have gone.)
    """

    patience = 30.0
    since = 0.0
    _patience_ends: asyncio.TimerHandle | None = None

    @property
    def working(self) -> bool:
        """Whether a whole request is here, and its answer isn't."""
        return not self._answered and not self.cycle.more_body

    @property
    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, in another's place if they are too many."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._wait()
        most = self.config.limit_concurrency
        full = most is not None and len(self.connections) > most and not self._made_room()
        self.limit_concurrency = None
        if full:
            self.logger.warning("no room for another connection")
            self.app = _refusal(503, _NO_ROOM, **{"Retry-After": _ROOM_SECONDS})

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes; a request's head must be whole before patience ends."""
        super().data_received(data)
        if not self._answered:
            self._stop_waiting()
        elif self._patience_ends is None:
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request; no resource ever sees it."""
        answer = _refusal(400, _NO_HTTP)
        head = h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request")
        for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        """Note since when nothing is asked."""
        self.since = self.loop.time()
        super().on_response_complete()

    def leave(self) -> None:
        """Close it at once, with what wasn't sent yet."""
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self) -> None:
        self._patience_ends = self.loop.call_later(self.patience, self._waited)

    def _stop_waiting(self) -> None:
        if self._patience_ends is not None:
            self._patience_ends.cancel()
            self._patience_ends = None

    def _waited(self) -> None:
        self._patience_ends = None
        if not self._kept_alive:
            self.leave()

    @property
    def _kept_alive(self) -> bool:
        """Whether an answer was read in full and nothing new has begun: uvicorn times that."""
        idle = self.cycle is not None and self.conn.their_state is h11.IDLE
        if not idle or self.conn.trailing_data[0]:
            return False
        if self.timeout_keep_alive_task is None:  # the rest of a body, sent after its answer
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        return True

    def _made_room(self) -> bool:
        others = [one for one in self.connections if isinstance(one, PatientConnection)]
        idle = [one for one in others if one is not self and not one.working]
        if idle:
            min(idle, key=lambda one: one.since).leave()
        return bool(idle)


def _refusal(status: int, error: str, **more: str) -> JSONResponse:
    """Return an answer such as resources refuse with; the connection is closed after it."""
    headers = {"Content-Security-Policy": NOTHING_LOADS, "Connection": "close"}
    return JSONResponse({"error": error, "details": []}, status, SAFE_HEADERS | headers | more)


def allowed(connections: int) -> int:
    """Return how many connections the process may have, at most so many; ask the system for them.

    Every one is an open file, of which many systems give a process 1,024 unless it asks for more.
    """
    if sys.platform == "win32":  # sockets are no files there
        return connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    wanted = max(soft, connections + _AT_ONCE + _OTHER_FILES)
    given = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
    return max(1, min(connections, given - _OTHER_FILES))

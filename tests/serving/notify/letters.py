"""A service of one's own, and letters to send to it."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tierline.data.ticket import Ticket
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.notify.delivery import Deliver
from tierline.serving.notify.endpoints import Endpoints, load_endpoints
from tierline.serving.notify.letter import Letter, News, letters
from tierline.serving.notify.outbox import Outbox
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation

from ..fakes import LOSS, NOW, POLICY, prediction

SECRET = "xoxb7secret"  # noqa: S105
ANGRY = prediction("P3", "how_to", "very_negative")


class Service:
    """A service of one's own on loopback: it keeps what it gets, and fails when told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.failures = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                failing = service.failures > 0
                service.failures -= failing
                if not failing:
                    service.got.append(json.loads(body) | {"path": self.path})
                self.send_response(503 if failing else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def about(body: str = LOSS, said: Any = None, **fields: Any) -> tuple[Ticket, Recommendation]:
    ticket = Ticket(**{"body": body, "id": "T-1"} | fields)
    return ticket, recommend(ticket, said, POLICY, NOW)


def urls(**found: str) -> Endpoints:
    return load_endpoints({f"TIERLINE_NOTIFY_{k.upper()}": v for k, v in found.items()}, POLICY)


def packet(ticket: Ticket, answer: Recommendation, **notes: Any) -> Packet:
    return make_packet(ticket, answer, POLICY, NOW, Notes(**notes))


def one_letter(body: str = LOSS, **fields: Any) -> Letter:
    (letter,) = letters(News(*about(body, **fields)), "on_call", 1, NOW)
    return letter


def deliver(outbox: Outbox, send: Callable[[str, str, str], bool], attempts: int = 3) -> Deliver:
    return Deliver(outbox, send, threading.Event(), pause=0.0, attempts=attempts)

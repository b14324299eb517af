"""Move the champion of a real server to and fro under load, then onto a broken bundle, and count.

`python -m tests.serving.live.swaps BUNDLE [MOVES] [POLL]` registers two versions of a bundle and a
broken one in an MLflow store of its own, starts `tierline serve --model models:/tierline@champion
--poll POLL` (0.2) and moves the alias MOVES (20) times while two callers ask without pause. It
prints JSON: requests, those that failed, swaps that were seen, refusals of the broken bundle, and
the server's resident bytes before and after. The exit code is 1 if anything isn't as promised.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tierline.serving.model_source import CHAMPION_URI

from ..fakes import BREACH, CALM
from .process import JSON, PATIENCE, Server
from .registry import Registry

CALLERS: Final = 2
LOADS: Final = 'tierline_model_loads_total{result="%s"}'
#: After a swap, the memory of the model before is given back within seconds.
SETTLED: Final = 5.0


class Callers:
    """Two who ask without pause; what wasn't answered in full, and rightly, has failed."""

    def __init__(self, server: Server) -> None:
        self.requests, self.failed = 0, 0
        self.versions: set[str] = set()
        self._server, self._stop, self._lock = server, threading.Event(), threading.Lock()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Ask for as long as the block runs."""
        threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(PATIENCE)

    def _call(self) -> None:
        body = json.dumps({"tickets": [{"body": BREACH}, {"body": CALM}]})
        with closing(self._server.connect()) as connection:
            while not self._stop.is_set():
                try:
                    connection.request("POST", "/v1/route/batch", body, JSON)
                    response = connection.getresponse()
                    said = json.loads(response.read())
                    answers = said["answers"] if response.status == 200 else []
                except (OSError, HTTPException, ValueError):
                    connection.close()
                    answers = []
                self._note(answers)

    def _note(self, answers: list[dict[str, Any]]) -> None:
        full = len(answers) == 2 and all(answer["mode"] == "full" for answer in answers)
        with self._lock:
            self.requests += 1
            self.failed += not (full and answers[0]["tier"] == 3)
            self.versions |= {str(answer["model_version"]) for answer in answers}


def trial(folder: Path, bundle: Path, moves: int, poll: float) -> dict[str, Any]:
    """Return what was counted."""
    registry = Registry(folder, bundle)
    good = [registry.register(name) for name in ("first", "second")]
    broken, _ = registry.register("broken", broken=True)
    registry.promote(good[0][0])
    options = ("--model", CHAMPION_URI, "--poll", str(poll))
    server = Server(folder / "log.jsonl", *options, MLFLOW_TRACKING_URI=registry.uri)
    try:
        server.until(partial(answers, server, good[0][1]))
        callers = Callers(server)
        with callers.calling():
            server.until(lambda: callers.requests >= 100)
            before = memory(server)
            for number in range(1, moves + 1):
                version, name = good[number % 2]
                registry.promote(version)
                server.until(partial(answers, server, name))
            registry.promote(broken)
            server.until(lambda: ready(server)["problem"] is not None)
            stayed = ready(server)["status"] == "full" and answers(server, good[moves % 2][1])
            asked = callers.requests
            server.until(lambda: callers.requests >= asked + 100)
            refusals = int(server.figure(LOADS % "refused"))
            registry.promote(good[moves % 2][0])
            server.until(lambda: ready(server)["problem"] is None)
        time.sleep(SETTLED)
        return {
            "moves": moves,
            "swaps": int(server.figure(LOADS % "swapped")) - 1,
            "requests": callers.requests,
            "failed": callers.failed,
            "versions_that_answered": len(callers.versions),
            "refusals": refusals,
            "old_one_stayed": stayed,
            "memory_before": before,
            "memory_after": memory(server),
        }
    finally:
        server.stop()


def answers(server: Server, version: str) -> bool:
    """Whether it is this version that answers now."""
    told = json.loads(server.ask("GET", "/v1/model")[1])
    return bool(told["model_version"] == version)


def ready(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.ask("GET", "/readyz")[1])
    return found


def memory(server: Server) -> int:
    return int(server.figure("process_resident_memory_bytes"))


def main(bundle: Path, moves: int = 20, poll: float = 0.2) -> int:
    """Print what was counted; return the exit code."""
    with TemporaryDirectory(prefix="tierline-swaps-") as folder:
        found = trial(Path(folder), bundle, moves, poll)
    print(json.dumps(found, indent=1))
    kept = found["failed"] == 0 and found["swaps"] == moves
    return 0 if kept and found["refusals"] and found["old_one_stayed"] else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(Path(given[0]), *(t(x) for t, x in zip((int, float), given[1:], strict=False))))

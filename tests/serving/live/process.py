"""The server as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
Start = Callable[..., "Server"]
JSON = {"content-type": "application/json"}


class Server:
    """``tierline serve`` on a port of its own, without a model unless the options name one.

    ``code``: Python to run in its place; it gets port and options as arguments.
    """

    def __init__(self, log: Path, *options: str, code: str = "", **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        paths = [str(ROOT / room) for room in ("training", "serving", "models", "data", "")]
        model = [] if "--model" in options else ["--rules-only"]
        serve = ["-m", "tierline.training", "serve", *model, "--port", str(self.port)]
        self._file = log.open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, *(["-c", code, str(self.port)] if code else serve), *options],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment},
            stderr=self._file,
        )
        self._log = log

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, ticket: dict[str, Any] | None = None) -> tuple[int, str]:
        body = None if ticket is None else json.dumps(ticket)
        with closing(self.connect()) as connection:
            connection.request(method, path, body, JSON)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def figure(self, name: str) -> float:
        """One of the server's figures, 0 while it isn't there."""
        lines = self.ask("GET", "/metrics")[1].splitlines()
        found = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
        return float(found[0]) if found else 0.0

    def wait(self) -> None:
        """Wait until it says that it is ready."""
        self.until(lambda: self.ask("GET", "/readyz")[0] == 200)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that comes while the server runs, or fail."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                if true():
                    return
            except OSError:
                pass
            assert self.process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.05)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        text = self._log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]

    def said(self, words: str) -> int:
        """How many lines of the log say these words."""
        return sum(words in line["message"] for line in self.lines())

    def stop(self) -> str:
        """Stop it if it runs; return its log."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            finally:
                self.process.kill()
                self.process.wait()
        self._file.close()
        return self._log.read_text(encoding="utf-8")

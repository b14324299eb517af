"""Servers as processes, stopped with their test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import Server, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers and waits until they answer (``ready`` False: doesn't)."""
    started: list[Server] = []

    def begin(*options: str, ready: bool = True, code: str = "", **environment: str) -> Server:
        log = tmp_path / f"log{len(started)}.jsonl"
        started.append(Server(log, *options, code=code, **environment))
        if ready:
            started[-1].wait()
        return started[-1]

    yield begin
    for server in started:
        server.stop()

"""A server in this process, with fakes for its model."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any, Self

import pytest
from fastapi.testclient import TestClient

from tierline.serving.http import remembering
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.live.options import Live
from tierline.serving.policy import Policy

from ..fakes import POLICY, predictor

PATIENCE = 20.0
#: When it is on a stopped clock.
NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)


@contextmanager
def serving(
    source: Any = predictor,
    keys: str = "",
    live: Live | None = None,
    policy: Policy = POLICY,
    **more: Any,
) -> Iterator[TestClient]:
    app = create_app(policy, source, ApiKeys.parse(keys), live=live or Live(), **more)
    with TestClient(app, raise_server_exceptions=False) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        yield client


def eventually(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def figures(client: TestClient, **headers: str) -> dict[str, float]:
    """The server's figures by name with labels."""
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    lines = (line for line in response.text.splitlines() if not line.startswith("#"))
    pairs = (line.rpartition(" ") for line in lines)
    return {name: float(value) for name, _, value in pairs}


def stop_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers say how late it is, to the minute: two can only be compared as of one moment."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(NOON.timestamp(), tz)

    monkeypatch.setattr(remembering, "datetime", Stopped)

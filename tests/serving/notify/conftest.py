"""A service on loopback, and an empty outbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tierline.serving.notify.outbox import Outbox

from .letters import Service


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "box")

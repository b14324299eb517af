"""What tests of serving share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tierline.serving import commands

from .answering import serving


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, a wide terminal, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("TIERLINE_API_KEYS", raising=False)
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setattr(commands.errors, "width", 200)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A server in process, with a model."""
    with serving() as client:
        yield client

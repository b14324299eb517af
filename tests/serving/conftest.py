"""What tests of serving share."""

from pathlib import Path

import pytest

from tierline.serving import commands


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, a wide terminal, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("TIERLINE_API_KEYS", raising=False)
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setattr(commands.errors, "width", 200)

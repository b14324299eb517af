"""The alias moves in a real registry: the server follows, and refuses what is broken."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tierline.serving.live.options import Live
from tierline.serving.live.source import ConfiguredModel
from tierline.serving.model_source import CHAMPION_URI
from tierline.training.pipeline import Trained

from ..fakes import BREACH
from . import app
from .app import eventually, figures, serving
from .registry import Registry


def version(client: TestClient) -> str:
    found: str = client.get("/v1/model").json()["model_version"]
    return found


def test_a_moved_alias_is_followed_and_a_broken_version_refused(
    own_store: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PATIENCE", 120.0)  # MLflow's store and downloads take their time
    registry, stop = Registry(own_store, trained.out), threading.Event()
    (first, first_name), (second, second_name) = map(registry.register, ("first", "second"))
    broken, _ = registry.register("broken", broken=True)
    registry.promote(first)

    def ask() -> list[tuple[int, str, int, str]]:
        found = []
        while not stop.wait(0.01):
            response = client.post("/v1/route", json={"body": BREACH})
            one = response.json()
            found.append((response.status_code, one["mode"], one["tier"], one["model_version"]))
        return found

    with (
        serving(ConfiguredModel(CHAMPION_URI), live=Live(poll=0.1)) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        assert version(client) == first_name
        asking = pool.submit(ask)
        try:
            registry.promote(second)
            eventually(lambda: version(client) == second_name)
            registry.promote(broken)
            eventually(lambda: client.get("/readyz").json()["problem"] is not None)
            assert client.get("/readyz").json()["status"] == "full"
            assert version(client) == second_name
            registry.promote(first)
            eventually(lambda: version(client) == first_name)
            assert client.get("/readyz").json()["problem"] is None
        finally:
            stop.set()
        answered = set(asking.result())
        names = {first_name, second_name}
        assert answered - {(200, "full", 3, name) for name in names} == set()
        assert figures(client)['tierline_model_loads_total{result="swapped"}'] == 3
        assert figures(client)['tierline_model_loads_total{result="refused"}'] >= 1

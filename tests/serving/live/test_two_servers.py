"""Two servers on one store: both remember, neither loses or doubles anything."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from ..fakes import BREACH, CALM, predictor
from ..store.making import rows
from .app import serving


def test_two_servers_share_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    make(Store(url, tmp_path / "none").database)

    def ask(client: TestClient) -> list[str]:
        ids: list[str] = []
        for number in range(4):
            batch = {"tickets": [{"id": f"{number}", "body": text} for text in (BREACH, CALM)]}
            response = client.post("/v1/route/batch", json=batch)
            assert response.headers["X-Tierline-Store"] == "on"
            ids += response.json()["decisions"]
        return ids

    first, second = Store(url, tmp_path / "a"), Store(url, tmp_path / "b")
    with serving(predictor, store=first) as one, serving(predictor, store=second) as other:
        lock: Any = {"tier": 2}
        assert one.put("/v1/locks/T-1", json=lock).status_code == 200
        held = other.post("/v1/route", json={"id": "T-1", "body": CALM})
        assert (held.json()["tier"], held.headers["X-Tierline-Store"]) == (2, "on")
        with ThreadPoolExecutor(2) as pool:
            found = [*pool.map(ask, (one, other))]
    ids = {*found[0], *found[1], held.headers["X-Tierline-Decision"]}
    assert len(ids) == 17
    assert rows(Store(url, tmp_path / "c")).keys() == ids

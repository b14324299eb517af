"""A server in process, and how tests ask it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient

from tierline.models.runtime.predictor import Predictor
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys

from .fakes import POLICY, predictor

#: Words that no refusal and no log may repeat.
PLANTED = "zebrafish"
PATIENCE = 10.0


@contextmanager
def serving(
    source: Callable[[], Predictor] | None = predictor, keys: str = "", *, ready: bool = True
) -> Iterator[TestClient]:
    app = create_app(POLICY, source, ApiKeys.parse(keys))
    with TestClient(app, raise_server_exceptions=False) as client:
        if ready:
            wait_until_loaded(client)
        yield client


def wait_until_loaded(client: TestClient) -> None:
    give_up = time.monotonic() + PATIENCE
    while client.get("/readyz").status_code == 503 and time.monotonic() < give_up:
        time.sleep(0.005)


def post(client: TestClient, **ticket: Any) -> Any:
    response = client.post("/v1/route", json=ticket)
    assert response.status_code == 200
    return response.json()

"""Every answer says how the store stood: on, away, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from ..fakes import CALM, POLICY
from .making import wait_for

TICKET = {"id": "T-1", "body": CALM}
ASKED: dict[str, dict[str, Any]] = {
    "route": TICKET,
    "route/batch": {"tickets": [TICKET, TICKET]},
    "handoff": {"ticket": TICKET},
    "messages": {"ticket": TICKET, "kind": "acknowledgement"},
    "queue/order": {"tickets": [TICKET]},
    "hooks/freshdesk": {"ticket": {"id": 1, "subject": "x", "description": CALM}},
}
SECRETS = HookSecrets.from_environment({"TIERLINE_FRESHDESK_SECRET": "secret"})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.serving.store.writer._RETRY_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("tierline.serving.store.writer._PAUSE_SECONDS", 0.01)


@contextmanager
def client_with(store: Store | None) -> Iterator[TestClient]:
    app = create_app(POLICY, None, ApiKeys.parse(""), store=store, hooks=SECRETS)
    with TestClient(app, headers={"X-Tierline-Secret": "secret"}) as client:
        yield client


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_says_how_the_store_stood(name: str, sqlite_url: str, tmp_path: Path) -> None:
    def ask(client: TestClient) -> tuple[str, str | None]:
        found = client.post(f"/v1/{name}", json=ASKED[name])
        assert found.status_code == 200, found.text
        body = found.json()
        assert all(one["store"] == body["store"] for one in body.get("answers", []))
        return body["store"], found.headers.get("X-Tierline-Store")

    with client_with(None) as client:
        assert ask(client) == ("none", None)
    store = Store(sqlite_url, tmp_path / "spool")
    with client_with(store) as client:
        assert ask(client) == ("away", "away")
        make(store.database)
        wait_for(lambda: store.status.state == "on")
        assert ask(client) == ("on", "on")


@pytest.mark.parametrize("name", ASKED)
def test_locks_that_cant_be_read_are_no_store(
    name: str, made: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with client_with(made) as client:
        monkeypatch.setattr(made, "with_locks", fail)
        found = client.post(f"/v1/{name}", json=ASKED[name])
    assert (found.status_code, found.json()["store"]) == (200, "away")

"""The API with a store: what it remembers, what people tell it, and answers without it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.store.setup import counts
from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS, POLICY, broken, predictor
from .making import PERSONAL, rows, wait_for


@contextmanager
def serving(store: Store | None, source: Any = predictor, keys: str = "") -> Iterator[TestClient]:
    app = create_app(POLICY, source, ApiKeys.parse(keys), store=store)
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        yield client


def test_every_answer_is_remembered(made: Store) -> None:
    with serving(made) as client:
        one = client.post("/v1/route", json={"id": "T-1", "body": f"{CALM} {PERSONAL}"})
        batch = {"tickets": [{"body": LOSS, "customer": "C-1"}, {"body": CALM}]}
        many = client.post("/v1/route/batch", json=batch)
    ids = [one.headers["X-Tierline-Decision"], *many.json()["decisions"]]
    assert {one.headers["X-Tierline-Store"], many.headers["X-Tierline-Store"]} == {"on"}
    assert one.json()["id"] == "T-1"
    assert "decision" not in one.json()
    found = rows(made)
    assert found.keys() == set(ids)
    assert [found[name]["tier"] for name in ids[1:]] == [3, 1]


def test_a_model_that_breaks_is_remembered_as_rules(made: Store) -> None:
    with serving(made, lambda: predictor(broken)) as client:
        client.post("/v1/route", json={"body": LOSS})
    (row,) = rows(made).values()
    assert (row["mode"], row["prediction"], row["model_version"]) == ("rules_only", None, None)


def test_ready_tells_of_the_store(made: Store) -> None:
    with serving(made) as client:
        state = {"state": "on", "problem": None, "waiting": False, "lost": 0}
        assert client.get("/readyz").json()["store"] == state


def test_a_store_away_holds_no_answer_up(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(sqlite_url, tmp_path / "spool")
    with serving(store) as client:
        found = client.post("/v1/route", json={"id": "T-1", "body": LOSS})
        assert (found.json()["tier"], found.json()["mode"]) == (3, "full")
        assert found.headers["X-Tierline-Store"] == "away"
        state = client.get("/readyz").json()["store"]
        assert (state["state"], state["problem"]) == (
            "away",
            "the store is away; see the server's log",
        )
        refused = client.put("/v1/locks/T-1", json={"tier": 2})
        assert refused.status_code == 503
        assert str(tmp_path) not in refused.text + str(state)
    assert "tierline store init" in caplog.text
    assert store.spool.count() == (1, 0)


def test_a_store_that_breaks_otherwise_holds_no_answer_up(
    made: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(PERSONAL)

    with serving(made) as client:
        monkeypatch.setattr(made, "with_locks", fail)
        monkeypatch.setattr(made, "record", fail)
        found = client.post("/v1/route", json={"body": LOSS})
    assert (found.status_code, found.json()["tier"]) == (200, 3)
    assert found.headers["X-Tierline-Store"] == "away"
    assert "RuntimeError" in caplog.text
    assert "7654321" not in caplog.text


def test_a_lock_takes_effect_on_the_next_route(made: Store) -> None:
    name = "shop/42 ä"
    with serving(made) as client:
        ask = {"id": name, "body": CALM}
        assert client.post("/v1/route", json=ask).json()["tier"] == 1
        assert client.get(f"/v1/locks/{name}").status_code == 404
        assert client.put(f"/v1/locks/{name}", json={"tier": 2}).json()["tier"] == 2
        assert client.get(f"/v1/locks/{name}").json()["tier"] == 2
        found = client.post("/v1/route", json=ask).json()
        assert (found["tier"], found["reasons"][-2]["rule"]) == (2, "lock.human")
        unsafe = client.post("/v1/route", json={"id": name, "body": LOSS}).json()
        assert unsafe["tier"] == 3
        assert client.delete(f"/v1/locks/{name}").json() == {"removed": True}
        assert client.delete(f"/v1/locks/{name}").json() == {"removed": False}
        assert client.post("/v1/route", json=ask).json()["tier"] == 1
        assert client.put(f"/v1/locks/{name}", json={"tier": 5}).status_code == 422


def test_people_tell_the_store(made: Store) -> None:
    with serving(made) as client:
        answer = client.post("/v1/route", json={"id": "T-1", "body": CALM})
        told = {"decision": answer.headers["X-Tierline-Decision"], "severity": "P1"}
        assert client.post("/v1/feedback", json=told).json()["new"]
        assert not client.post("/v1/feedback", json=told).json()["new"]
        outcome = {"ticket": "T-1", "resolved_at": "2025-03-10T12:00", "csat": 5}
        assert client.post("/v1/outcomes", json=outcome).status_code == 204
        order = {"from_team": "social-media", "to_team": "integrations"}
        path = "/v1/exclusions/social-media/integrations"
        assert client.put(path).json() == order
        assert client.get("/v1/exclusions").json() == {"exclusions": [order]}
        assert client.delete(path).json() == {"removed": True}
    assert counts(made.database) == {
        "decisions": 1,
        "feedback": 1,
        "outcomes": 1,
        "locks": 0,
        "handoffs": 0,
        "exclusions": 0,
    }


def test_bad_requests_are_refused_without_repeating_them(made: Store) -> None:
    with serving(made) as client:
        for path, body in (
            ("feedback", {"body": PERSONAL, "prio": PERSONAL}),
            ("feedback", {"body": "x", "severity": PERSONAL}),
            ("outcomes", {"ticket": "T-1", "csat": 6}),
        ):
            found = client.post(f"/v1/{path}", json=body)
            assert found.status_code == 422
            assert "7654321" not in found.text
        unknown = client.post("/v1/feedback", json={"decision": "x", "severity": "P1"})
        assert unknown.status_code == 404
        assert client.put(f"/v1/exclusions/{'x' * 65}/b").status_code == 422
        for pair in ("nobody/integrations", "integrations/nobody"):
            found = client.put(f"/v1/exclusions/{pair}")
            assert found.status_code == 422
            assert "expected teams of the policy: billing-desk" in found.json()["error"]
        last = client.put("/v1/exclusions/integrations/engineering-and-product")
        assert last.status_code == 422


def test_the_resources_need_a_key(made: Store) -> None:
    with serving(made, keys="first") as client:
        assert client.put("/v1/locks/T-1", json={"tier": 2}).status_code == 401
        keyed = {"X-API-Key": "first"}
        assert client.put("/v1/locks/T-1", json={"tier": 2}, headers=keyed).status_code == 200


def test_without_a_store_the_resources_say_how_to_have_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(None) as client, caplog.at_level(logging.DEBUG):
        refused = [
            client.post("/v1/feedback", json={"ticket": "T-1", "severity": "P1"}),
            client.post("/v1/outcomes", json={"ticket": "T-1"}),
            client.put("/v1/locks/T-1", json={"tier": 2}),
            client.get("/v1/exclusions"),
        ]
        plain = client.post("/v1/route", json={"body": CALM})
        many = client.post("/v1/route/batch", json={"tickets": [{"body": CALM}]})
    assert {found.status_code for found in refused} == {409}
    assert all("tierline serve --store URL" in found.text for found in refused)
    assert not [name for name in plain.headers if name.startswith("x-tierline")]
    assert many.json().keys() == {"answers", "store"}


def test_handing_on_hears_of_locks_and_exclusions(made: Store) -> None:
    with serving(made) as client:
        client.put("/v1/locks/T-1", json={"tier": 4})
        ask = {"ticket": {"id": "T-1", "body": CALM}}
        assert client.post("/v1/handoff", json=ask).json()["packet"]["tier"] == 4
        client.put("/v1/exclusions/technical-support/general-support")
        moved = {"ticket": {"id": "T-2", "body": CALM, "team": "technical-support"}}
        here = client.post("/v1/route", json=moved["ticket"]).json()["team"]
        assert client.post("/v1/handoff", json=moved).json()["packet"]["team"] == here
    assert counts(made.database)["decisions"] == 3

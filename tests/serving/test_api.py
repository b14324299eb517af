"""The HTTP API: what it answers, with a model, without one, and while it breaks."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from tierline.data.errors import BundleError
from tierline.data.labels import LABELS
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor

from .answering import PATIENCE, PLANTED, post, serving, wait_until_loaded
from .fakes import BREACH, CALM, LOSS, MANIFEST, MODEL, POLICY, broken, prediction, predictor
from .live.app import stop_clock


def test_a_ticket_is_routed(client: TestClient) -> None:
    found = post(client, id="T-1", body=CALM)
    assert (found["id"], found["tier"], found["path"]) == ("T-1", 1, [1, 2, 3])
    assert (found["mode"], found["model_version"]) == ("full", MODEL)
    assert found["policy_version"] == POLICY.version
    assert found["reasons"][0]["rule"] == "entry.owner"


def test_an_incident_goes_to_tier_3(client: TestClient) -> None:
    found = post(client, body=BREACH)
    assert (found["tier"], found["reasons"][0]["rule"]) == (3, "safety.security_breach")


def test_only_words_are_needed_and_not_even_they(client: TestClient) -> None:
    assert post(client, subject=LOSS)["tier"] == 3
    assert post(client)["review_reason"] == "empty"


@pytest.mark.parametrize("size", [1, 256])
def test_a_batch_is_answered_in_order(client: TestClient, size: int) -> None:
    tickets = [{"id": str(n), "body": LOSS if n % 2 else CALM} for n in range(size)]
    response = client.post("/v1/route/batch", json={"tickets": tickets})
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert [a["id"] for a in answers] == [t["id"] for t in tickets]
    assert [a["tier"] for a in answers] == [3 if n % 2 else 1 for n in range(size)]


def test_a_batch_equals_its_tickets_alone(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch)
    tickets = [{"id": str(n), "body": text} for n, text in enumerate([CALM, LOSS, BREACH, ""])]
    filed = [t | {"created_at": "2025-03-07T12:00:00Z"} for t in tickets]
    batch = client.post("/v1/route/batch", json={"tickets": filed}).json()["answers"]
    assert batch == [post(client, **ticket) for ticket in filed]


def test_control_characters_hide_nothing(client: TestClient) -> None:
    assert post(client, body=f"\0{LOSS}\0", id="a\0b")["tier"] == 3
    assert post(client, body=BREACH.replace("account", "acc\u200bount"))["tier"] == 3


@pytest.mark.parametrize("filed", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_dates_at_the_end_of_time_are_answered(client: TestClient, filed: str) -> None:
    assert post(client, body=CALM, created_at=filed, customer_tier="enterprise")["respond_by"]


def test_ready_with_a_model(client: TestClient) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "full", "problem": None})


def test_ready_without_a_model() -> None:
    with serving(None) as client:
        assert client.get("/readyz").json() == {"status": "rules_only", "problem": None}
        assert post(client, body=BREACH)["mode"] == "rules_only"


def test_a_model_that_does_not_load_leaves_the_rules(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Predictor:
        raise BundleError("/secret/place/manifest.json: expected another hash")

    with serving(fail) as client:
        response = client.get("/readyz")
        assert (response.status_code, response.json()["status"]) == (200, "rules_only")
        assert "can't be loaded" in response.json()["problem"]
        assert "secret" not in response.text
        found = post(client, body=LOSS)
        assert (found["tier"], found["mode"]) == (3, "rules_only")
        assert client.get("/v1/model").json()["mode"] == "rules_only"
    assert any("/secret/place" in message for message in caplog.messages)


def test_a_model_whose_labels_the_policy_does_not_know_leaves_the_rules(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heads = (MANIFEST.heads[1].model_copy(update={"labels": ("bug", "vpn")}),)
    manifest = MANIFEST.model_copy(update={"heads": heads})
    with serving(lambda: predictor(manifest=manifest)) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "rules_only")
        assert "policy doesn't know labels of the model" in ready.json()["problem"]
        found = post(client, body=LOSS)
        assert (found["tier"], found["mode"]) == (3, "rules_only")
    assert any("no tier owns: vpn" in message for message in caplog.messages)


def test_while_the_model_loads_the_rules_answer() -> None:
    loaded = threading.Event()

    def slowly() -> Predictor:
        assert loaded.wait(PATIENCE)
        return predictor()

    with serving(slowly, ready=False) as client:
        try:
            response = client.get("/readyz")
            assert (response.status_code, response.json()["status"]) == (503, "not_ready")
            assert client.get("/healthz").status_code == 200
            found = post(client, body=BREACH)
            assert (found["tier"], found["mode"]) == (3, "rules_only")
        finally:
            loaded.set()
        wait_until_loaded(client)
        assert client.get("/readyz").json()["status"] == "full"
        assert post(client, body=BREACH)["mode"] == "full"


def test_a_model_that_breaks_leaves_the_rules(caplog: pytest.LogCaptureFixture) -> None:
    def breaks(ticket: Ticket) -> Prediction:
        return broken(ticket) if PLANTED in ticket.body else prediction()

    with serving(lambda: predictor(breaks)) as client, caplog.at_level(logging.DEBUG):
        found = post(client, body=f"{PLANTED}. {BREACH}")
        assert (found["tier"], found["mode"], found["model_version"]) == (3, "rules_only", None)
        assert found["review_reason"] == "degraded"
        assert client.get("/readyz").json()["status"] == "full"
    assert any("RuntimeError" in message for message in caplog.messages)
    assert PLANTED not in caplog.text


def test_the_server_answers_while_the_model_thinks() -> None:
    begun, done = threading.Event(), threading.Event()

    def slow(ticket: Ticket) -> Prediction:
        if ticket.body == CALM:
            begun.set()
            assert done.wait(PATIENCE)
        return prediction()

    with serving(lambda: predictor(slow)) as client, ThreadPoolExecutor(1) as pool:
        thinking = pool.submit(client.post, "/v1/route", json={"body": CALM})
        try:
            assert begun.wait(PATIENCE)
            assert client.get("/healthz").status_code == 200
            assert client.get("/v1/model").status_code == 200
            assert not thinking.done()
        finally:
            done.set()
        assert thinking.result(PATIENCE).json()["mode"] == "full"


def test_the_model_says_what_it_is(client: TestClient) -> None:
    found = client.get("/v1/model").json()
    assert (found["mode"], found["model_version"]) == ("full", MODEL)
    assert (found["policy_version"], found["encoder"]) == (POLICY.version, "fake-encoder")
    assert found["labels"] == {name: list(labels) for name, labels in LABELS.items()}
    assert found["metrics"] == {"macro_f1": 0.5}


def test_no_model_says_so() -> None:
    with serving(None) as client:
        assert client.get("/v1/model").json() == {
            "mode": "rules_only", "model_version": None, "policy_version": POLICY.version,
            "encoder": None, "labels": {}, "metrics": {}, "certificate": None, "promise": None,
            "fast": None, "shadow": None, "advice_only": False,
        }  # fmt: skip


def test_the_schema_has_examples_that_work(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    models = schema["components"]["schemas"]
    ticket, batch = (models[name]["examples"][0] for name in ("TicketIn", "Batch"))
    assert post(client, **ticket)["tier"] in {1, 2, 3, 4}
    assert client.post("/v1/route/batch", json=batch).status_code == 200


@pytest.mark.parametrize("path", ["/v1/route", "/v1/route/batch"])
def test_the_schema_tells_the_refusals(client: TestClient, path: str) -> None:
    schema = client.get("/openapi.json").json()
    responses = schema["paths"][path]["post"]["responses"]
    refusals = {"400", "401", "408", "413", "422", "429", "500", "503"}
    assert set(responses) == {"200"} | refusals
    for status in refusals:
        reference = responses[status]["content"]["application/json"]["schema"]["$ref"]
        assert reference.endswith("/Problem")
    assert "X-API-Key" in json.dumps(schema["components"]["securitySchemes"])

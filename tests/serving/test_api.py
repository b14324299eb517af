"""The HTTP API: what it answers, what it refuses, and what it never repeats."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.columns import shown_name
from tierline.data.errors import BundleError
from tierline.data.labels import LABELS
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.http import refusing
from tierline.serving.http.api import MAX_REQUEST_BYTES, create_app
from tierline.serving.http.keys import ApiKeys

from .fakes import BREACH, CALM, LOSS, MANIFEST, MODEL, POLICY, broken, prediction, predictor
from .live.app import stop_clock

PLANTED = "zebrafish"
JSON = {"content-type": "application/json"}
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


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving() as client:
        yield client


def post(client: TestClient, **ticket: Any) -> Any:
    response = client.post("/v1/route", json=ticket)
    assert response.status_code == 200
    return response.json()


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


@pytest.mark.parametrize("size", [0, 257])
def test_a_batch_has_1_to_256_tickets(client: TestClient, size: int) -> None:
    response = client.post("/v1/route/batch", json={"tickets": [{"body": PLANTED}] * size})
    assert response.status_code == 422
    assert response.json()["details"][0].startswith("body.tickets: ")
    assert PLANTED not in response.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_told_the_header(client: TestClient, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    for path in ("/v1/route", "/v1/route/batch"):
        response = client.post(path, content=f'{{"body": "{PLANTED}"}}', headers=headers)
        assert response.status_code == 422
        (detail,) = response.json()["details"]
        assert detail.startswith("body: expected JSON under the header Content-Type: application/")
    wrong = client.post("/v1/route", content="[]", headers={"content-type": "application/json"})
    assert "header" not in wrong.text


def test_unknown_fields_are_refused(client: TestClient) -> None:
    response = client.post("/v1/route", json={"body": PLANTED, "prio": PLANTED})
    assert response.status_code == 422
    assert set(response.json()) == {"error", "details"}
    assert response.json()["details"] == ["body.prio: Extra inputs are not permitted"]
    nested = {"tickets": [{"body": CALM}, {"body": CALM, "prio": PLANTED}]}
    response = client.post("/v1/route/batch", json=nested)
    assert response.json()["details"][0].startswith("body.tickets.1.prio: ")
    assert PLANTED not in response.text
    assert client.post("/v1/route/batch", json=nested | {"prio": 1}).status_code == 422


@pytest.mark.parametrize(
    ("count", "last"), [(20, None), (21, "and 1 more"), (1020, "and 1,000 more")]
)
def test_of_many_mistakes_the_first_are_told_and_looked_at(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, count: int, last: str | None
) -> None:
    looked_at: list[str] = []

    def seen(name: str) -> str:
        looked_at.append(name)
        return shown_name(name)

    monkeypatch.setattr(refusing, "shown_name", seen)
    unknown = {f"k{n}": n for n in range(count)}
    response = client.post("/v1/route", json={"body": CALM} | unknown)
    assert response.status_code == 422
    told = [f"body.k{n}: Extra inputs are not permitted" for n in range(20)]
    assert response.json()["details"] == told + ([last] if last else [])
    assert looked_at == [part for n in range(20) for part in ("body", f"k{n}")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"created_at": f"{PLANTED} 2025"},
        {"customer_tier": PLANTED},
        {"attempts": PLANTED},
        {"attempts": -1},
        {"current_tier": 5},
        {"waited_minutes": PLANTED},
        {"locked_by_human": PLANTED},
        {"body": [PLANTED]},
        {"body": PLANTED * 30_000},
        {"subject": PLANTED * 300},
        {"subject": None},
    ],
)
def test_refusals_name_the_field_and_never_its_words(
    client: TestClient, wrong: dict[str, Any]
) -> None:
    response = client.post("/v1/route", json={"body": f"{PLANTED}!"} | wrong)
    assert response.status_code == 422
    assert response.json()["details"][0].startswith(f"body.{next(iter(wrong))}: ")
    assert PLANTED not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"body": "zebrafish"',
        b'"zebrafish"',
        b"zebrafish",
        b"",
        b"null",
        b'[{"body": "zebrafish"}]',
        b'{"body": "zebrafish\xff"}',
        b'{"body": "zebrafish", "order_value": NaN}',
        b'{"body": "zebrafish", "order_value": 1e999}',
        b'{"body": "zebrafish", "attempts": ' + b"9" * 5000 + b"}",
        b'{"body": ' + b"[" * 100_000,
        b'{"body": "zebrafish \\ud800"}',
        b'{"body": "x", "id": "zebrafish \\udfff"}',
        b'{"body": "zebrafish", "\\ud800": 1}',
    ],
)
def test_what_is_no_ticket_is_refused_without_an_echo(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/route", content=body, headers=JSON)
    assert response.status_code in {400, 422}
    assert PLANTED not in response.text
    assert client.get("/healthz").status_code == 200


def test_control_characters_hide_nothing(client: TestClient) -> None:
    assert post(client, body=f"\0{LOSS}\0", id="a\0b")["tier"] == 3
    assert post(client, body=BREACH.replace("account", "acc\u200bount"))["tier"] == 3


@pytest.mark.parametrize("filed", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_dates_at_the_end_of_time_are_answered(client: TestClient, filed: str) -> None:
    assert post(client, body=CALM, created_at=filed, customer_tier="enterprise")["respond_by"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/route", "POST"),
        ("POST", "/v1/locks/t/1", "DELETE, GET, PUT"),
        ("POST", "/v1/checklists/t/1", "DELETE, GET, PUT"),
        ("GET", "/v1/exclusions/a/b", "DELETE, PUT"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ],
)
def test_another_method_is_told_all_that_are_allowed(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/route/"), ("GET", "/healthz/")])
def test_a_path_with_a_slash_too_many_leads_nowhere(
    client: TestClient, method: str, path: str
) -> None:
    asked = {"host": f"{PLANTED}.example"}
    response = client.request(method, path, headers=asked, follow_redirects=False)
    assert (response.status_code, set(response.json())) == (404, {"error", "details"})
    assert PLANTED not in str(response.headers)


@pytest.mark.parametrize("path", ["/v1/route", "/v1/route/batch"])
def test_five_megabytes_are_too_much(client: TestClient, path: str) -> None:
    body = json.dumps({"body": PLANTED}).encode() + b" " * 5_000_000

    def chunks() -> Iterator[bytes]:
        yield from (body[i : i + 65_536] for i in range(0, len(body), 65_536))

    for content in (body, chunks()):
        response = client.post(path, content=content, headers=JSON)
        assert response.status_code == 413
        assert set(response.json()) == {"error", "details"}
        assert PLANTED not in response.text


def test_the_limit_itself_is_allowed(client: TestClient) -> None:
    bare = json.dumps({"body": LOSS}).encode()
    full = bare + b" " * (MAX_REQUEST_BYTES - len(bare))
    for content in (full, iter([full[:1000], full[1000:]])):
        response = client.post("/v1/route", content=content, headers=JSON)
        assert (response.status_code, response.json()["tier"]) == (200, 3)
    for content in (full + b" ", iter([full, b" "])):
        assert client.post("/v1/route", content=content, headers=JSON).status_code == 413


def test_a_short_declaration_does_not_pass_a_long_body(client: TestClient) -> None:
    headers = JSON | {"content-length": "10"}
    response = client.post("/v1/route", content=b" " * 5_000_000, headers=headers)
    assert response.status_code == 413


GUARDED = [("POST", "/v1/route"), ("POST", "/v1/route/batch"), ("GET", "/v1/model")]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("key", [None, "", "wrong", "first,second", "FIRST"])
def test_without_the_key_nothing_is_answered(method: str, path: str, key: str | None) -> None:
    with serving(None, "first,second") as client:
        headers = {} if key is None else {"X-API-Key": key}
        response = client.request(method, path, headers=headers, json={"body": PLANTED})
        assert response.status_code == 401
        assert "X-API-Key" in response.json()["error"]
        assert PLANTED not in response.text


@pytest.mark.parametrize("key", ["first", "second"])
def test_with_the_key_all_is_answered(key: str) -> None:
    with serving(None, "first,second") as client:
        headers = {"X-API-Key": key}
        assert client.post("/v1/route", json={"body": LOSS}, headers=headers).status_code == 200
        batch = {"tickets": [{"body": LOSS}]}
        assert client.post("/v1/route/batch", json=batch, headers=headers).status_code == 200
        assert client.get("/v1/model", headers=headers).status_code == 200


def test_health_needs_no_key() -> None:
    with serving(None, "first") as client:
        assert client.get("/healthz").json() == {"status": "up"}
        assert client.get("/readyz").status_code == 200


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

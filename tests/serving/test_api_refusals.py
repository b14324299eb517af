"""The HTTP API: what it refuses, and what it never repeats."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.columns import shown_name
from tierline.serving.http import refusing
from tierline.serving.http.api import MAX_REQUEST_BYTES

from .answering import PLANTED, serving
from .fakes import CALM, LOSS

JSON = {"content-type": "application/json"}
GUARDED = [("POST", "/v1/route"), ("POST", "/v1/route/batch"), ("GET", "/v1/model")]


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
    broken = client.post("/v1/route", content=f'{{"body": "{PLANTED}', headers=JSON)
    (detail,) = broken.json()["details"]
    assert detail.startswith("body.")
    assert detail.endswith(": no valid JSON from this character on")


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

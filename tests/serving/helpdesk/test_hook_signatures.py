"""Hooks let in what a desk signed, and nothing else."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.helpdesk import Format
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import MAX_REQUEST_BYTES, create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.live.limits import Limits
from tierline.serving.live.options import Live

from ..fakes import CALM, POLICY
from .hooks import DESKS, NOW, SECRET, SECRETS, app_with, headers, sample, send

PLANTED = "zebrafish"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with app_with() as client:
        yield client


@pytest.mark.parametrize("desk", DESKS)
def test_only_the_signed_are_let_in(client: TestClient, desk: Format) -> None:
    body = json.dumps(sample(desk)).encode()
    right = headers(desk, body)
    wrong = headers(desk, body, b"another")
    empty = dict.fromkeys(right, "")
    for sent in ({}, wrong, empty, {name: value + "x" for name, value in right.items()}):
        response = client.post(f"/v1/hooks/{desk}", content=body, headers=sent)
        assert response.status_code == 401
        assert response.json() == {
            "error": "expected a request signed with this hook's secret, not long ago",
            "details": [],
        }
    assert client.post(f"/v1/hooks/{desk}", content=body, headers=right).status_code == 200


@pytest.mark.parametrize("desk", [Format.ZENDESK, Format.JIRA])
def test_another_body_is_not_the_signed_one(client: TestClient, desk: Format) -> None:
    body = json.dumps(sample(desk)).encode()
    response = client.post(f"/v1/hooks/{desk}", content=body + b" ", headers=headers(desk, body))
    assert response.status_code == 401


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 200), (4, 200), (6, 401)])
def test_a_signature_of_zendesk_holds_for_minutes(
    client: TestClient, minutes: int, status: int
) -> None:
    body = json.dumps(sample(Format.ZENDESK)).encode()
    sent = headers(Format.ZENDESK, body, at=NOW + timedelta(minutes=minutes))
    assert client.post("/v1/hooks/zendesk", content=body, headers=sent).status_code == status


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-13-01T00:00:00Z", "99999999999999999999"])
def test_a_signed_time_that_is_none_is_refused(client: TestClient, stamp: str) -> None:
    body = b"{}"
    digest = hmac.new(SECRET, stamp.encode() + body, hashlib.sha256).digest()
    sent = {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }
    assert client.post("/v1/hooks/zendesk", content=body, headers=sent).status_code == 401


@pytest.mark.parametrize(("hours", "status"), [(-3, 401), (-1, 200), (0, 200), (3, 401)])
def test_an_event_of_jira_holds_for_two_hours(client: TestClient, hours: int, status: int) -> None:
    payload = sample(Format.JIRA)
    payload["timestamp"] = int((NOW + timedelta(hours=hours)).timestamp() * 1000)
    assert send(client, Format.JIRA, json.dumps(payload).encode()).status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"Basic {base64.b64encode(b'tierline:' + SECRET).decode()}", 200),
        (f"basic {base64.b64encode(b':' + SECRET).decode()}", 200),
        (f"Basic {base64.b64encode(b'tierline:other').decode()}", 401),
        (f"Basic {base64.b64encode(SECRET).decode()}", 401),
        (f"Bearer {base64.b64encode(b'a:' + SECRET).decode()}", 401),
        ("Basic ???", 401),
        (f"Basic {SECRET.decode()}", 401),
    ],
)
def test_freshdesk_may_use_basic_auth(client: TestClient, sent: str, status: int) -> None:
    body = json.dumps(sample(Format.FRESHDESK)).encode()
    response = client.post("/v1/hooks/freshdesk", content=body, headers={"Authorization": sent})
    assert response.status_code == status


def test_without_its_secret_a_hook_is_off() -> None:
    app = create_app(POLICY, None, ApiKeys(), hooks=HookSecrets({Format.JIRA: SECRET}))
    with TestClient(app) as client:
        body = json.dumps(sample(Format.ZENDESK)).encode()
        response = send(client, Format.ZENDESK, body)
        assert response.status_code == 404
        assert "set TIERLINE_ZENDESK_SECRET" in response.json()["error"]
        assert send(client, Format.JIRA, b'{"webhookEvent": "x"}').status_code == 200
        assert client.post("/v1/hooks/intercom", content=b"{}").status_code == 404


def test_a_hook_needs_no_api_key_and_keeps_the_limit() -> None:
    app = create_app(POLICY, None, ApiKeys.parse("key"), hooks=SECRETS)
    with TestClient(app) as client:
        assert send(client, Format.JIRA, b'{"webhookEvent": "x"}').status_code == 200
        assert send(client, Format.JIRA, b" " * (MAX_REQUEST_BYTES + 1)).status_code == 413
        paths = client.get("/openapi.json").json()["paths"]
        responses = paths["/v1/hooks/jira"]["post"]["responses"]
        assert {"200", "401", "404", "413", "422", "429"} <= set(responses)


def test_who_signs_nothing_locks_no_desk_out() -> None:
    live = Live(Limits(rate=0.001, burst=2))
    app = create_app(POLICY, None, ApiKeys.parse("key"), hooks=SECRETS, live=live)
    event = b'{"webhookEvent": "x"}'
    with TestClient(app) as client:
        unsigned = [client.post("/v1/hooks/jira", content=event).status_code for _ in range(4)]
        assert unsigned == [401, 401, 429, 429]
        asked = {"tickets": [{"body": CALM}]}
        assert client.post("/v1/route/batch", json=asked).status_code == 401
        assert [send(client, Format.JIRA, event).status_code for _ in range(3)] == [200, 200, 429]
        told = json.dumps(sample(Format.FRESHDESK)).encode()
        assert send(client, Format.FRESHDESK, told).status_code == 200


def test_hooks_that_are_off_count_as_unsigned() -> None:
    live = Live(Limits(rate=0.001, burst=2))
    secrets = HookSecrets({Format.JIRA: SECRETS.known[Format.JIRA]})
    app = create_app(POLICY, None, ApiKeys.parse("key"), hooks=secrets, live=live)
    event = b'{"webhookEvent": "x"}'
    with TestClient(app) as client:
        off = [client.post("/v1/hooks/zendesk", content=event).status_code for _ in range(3)]
        assert off == [404, 404, 429]
        assert client.post("/v1/hooks/jira", content=event).status_code == 429
        assert send(client, Format.JIRA, event).status_code == 200


def test_secrets_come_from_the_environment_and_are_not_shown() -> None:
    found = HookSecrets.from_environment(
        {"TIERLINE_ZENDESK_SECRET": f" {PLANTED} ", "TIERLINE_JIRA_SECRET": " ", "OTHER": "x"}
    )
    assert found.known == {Format.ZENDESK: PLANTED.encode()}
    assert PLANTED not in repr(found)


@settings(max_examples=100, deadline=None)
@given(sent=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=80))
def test_no_made_up_signature_is_let_in(sent: str) -> None:
    from tierline.serving.helpdesk import signatures

    for check in (signatures.signed_by_jira, signatures.sent_by_freshdesk):
        for name in ("X-Hub-Signature", "X-Tierline-Secret", "Authorization"):
            assert not check(SECRET, {name: sent}, b"{}", NOW)

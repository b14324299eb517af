"""A server of hooks alone, and how desks call it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tierline.data.helpdesk import Format
from tierline.serving.helpdesk.secrets import VARIABLES, HookSecrets
from tierline.serving.http.hooks import hooks_router
from tierline.serving.http.model_state import ModelState
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Router

from ..fakes import POLICY, predictor

SAMPLES = Path(__file__).parents[3] / "serving" / "samples" / "helpdesk"
SECRET = b"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # Zendesk's own for testing
SECRETS = HookSecrets(dict.fromkeys(VARIABLES, SECRET))
NOW = datetime(2026, 11, 24, 8, 13, tzinfo=UTC)
DESKS = tuple(VARIABLES)
FILES = {
    Format.ZENDESK: "zendesk_event.json",
    Format.JIRA: "jira_event.json",
    Format.FRESHDESK: "freshdesk_automation.json",
}


def app_with(policy: Policy = POLICY, *, model: bool = False, now: datetime = NOW) -> TestClient:
    state = ModelState(policy, None)
    if model:
        state.router = Router(policy, predictor())
    app = FastAPI()
    app.include_router(hooks_router(state, None, SECRETS, None, lambda: now))
    return TestClient(app, raise_server_exceptions=False)


def headers(
    desk: Format, body: bytes, secret: bytes = SECRET, at: datetime = NOW
) -> dict[str, str]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if desk is Format.ZENDESK:
        digest = hmac.new(secret, stamp.encode() + body, hashlib.sha256).digest()
        return {
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
    if desk is Format.JIRA:
        return {"X-Hub-Signature": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}
    return {"X-Tierline-Secret": secret.decode()}


def send(client: TestClient, desk: Format, body: bytes) -> Any:
    return client.post(f"/v1/hooks/{desk}", content=body, headers=headers(desk, body))


def ask(client: TestClient, desk: Format, payload: Any) -> dict[str, Any]:
    response = send(client, desk, json.dumps(payload).encode())
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def sample(desk: Format) -> Any:
    return json.loads((SAMPLES / FILES[desk]).read_text(encoding="utf-8"))

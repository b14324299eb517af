"""A webhook that is delivered again is answered alike and stored once."""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.helpdesk import Format
from tierline.serving.helpdesk.deliveries import WINDOW, Delivery, Past
from tierline.serving.helpdesk.secrets import VARIABLES, HookSecrets
from tierline.serving.http.hooks import hooks_router
from tierline.serving.http.model_state import ModelState
from tierline.serving.store.forms import Exclusion
from tierline.serving.store.purge import Doomed, purge
from tierline.serving.store.setup import counts
from tierline.serving.store.store import Store

from ..fakes import BREACH, CALM, POLICY
from .making import decided, rows, ticket
from .test_away import gone

SAMPLES = Path(__file__).parents[3] / "serving" / "samples" / "helpdesk"
SECRET = b"a secret of the tests"
NOW = datetime(2026, 11, 24, 8, 13, tzinfo=UTC)
FILES = {
    Format.ZENDESK: "zendesk_event.json",
    Format.JIRA: "jira_event.json",
    Format.FRESHDESK: "freshdesk_automation.json",
}


class Desk:
    """A help desk that sends to a server of its own clock."""

    def __init__(self, store: Store | None, desk: Format = Format.FRESHDESK) -> None:
        self.now, self.desk = NOW, desk
        secrets = HookSecrets(dict.fromkeys(VARIABLES, SECRET))
        api = FastAPI()
        api.include_router(
            hooks_router(ModelState(POLICY, None), store, secrets, None, lambda: self.now)
        )
        self._client = TestClient(api)

    def send(self, body: bytes, **more: str) -> dict[str, Any]:
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        signed = hmac.new(SECRET, stamp.encode() + body, hashlib.sha256).digest()
        headers = {
            "X-Zendesk-Webhook-Signature": base64.b64encode(signed).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            "X-Hub-Signature": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}",
            "X-Tierline-Secret": SECRET.decode(),
        }
        found = self._client.post(f"/v1/hooks/{self.desk}", content=body, headers=headers | more)
        assert found.status_code == 200, found.text
        return dict(found.json()) | {"decision": found.headers.get("X-Tierline-Decision")}


def calm(**fields: Any) -> bytes:
    return json.dumps({"ticket": {"id": 7, "subject": "x", "description": CALM} | fields}).encode()


@pytest.mark.parametrize("desk", FILES)
def test_each_desks_event_is_stored_once(store: Store, desk: Format) -> None:
    body = (SAMPLES / FILES[desk]).read_bytes()
    server = Desk(store, desk)
    first = server.send(body)
    server.now += timedelta(seconds=50)
    assert server.send(body) == first
    store.writer.flush()
    again = Desk(store, desk)  # a server that starts again has the store only
    again.now += timedelta(seconds=50)
    assert again.send(body) == first
    store.writer.flush()
    assert list(rows(store)) == [first["decision"]]


def test_deliveries_at_once_are_stored_once(store: Store) -> None:
    servers = [Desk(store) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: servers[n % 4].send(calm()), range(16)))
    store.writer.flush()
    assert {answer["decision"] for answer in found} == set(rows(store))
    assert len(rows(store)) == 1


def test_the_vendors_id_tells_equal_bodies_apart(store: Store) -> None:
    name = "X-Zendesk-Webhook-Invocation-Id"
    server = Desk(store, Format.ZENDESK)
    first = server.send(calm(), **{name: "one"})
    server.now += timedelta(hours=20)
    assert server.send(calm(), **{name: "one"}) == first
    assert server.send(calm(), **{name: "two"})["decision"] != first["decision"]
    # An event that is dated in what is signed isn't another one by a header that isn't.
    body = (SAMPLES / FILES[Format.ZENDESK]).read_bytes()
    found = [server.send(body, **{name: given})["decision"] for given in ("one", "two")]
    assert found[0] == found[1]


def test_an_hourly_automation_is_answered_anew_when_the_clock_changes_the_answer(
    store: Store,
) -> None:
    server = Desk(store)
    since = (NOW - timedelta(minutes=90)).isoformat()
    body = calm(created_at=since, tags=["enterprise"], company={"name": "enterprise"})
    first = server.send(body)
    assert first["next_review_at"] is not None
    server.now = datetime.fromisoformat(first["next_review_at"]) - timedelta(seconds=1)
    assert server.now - NOW < WINDOW
    assert server.send(body) == first
    server.now += timedelta(seconds=2)
    second = server.send(body)
    assert second["decision"] != first["decision"]
    assert server.send(body) == second
    server.now += WINDOW
    assert server.send(body)["decision"] not in {first["decision"], second["decision"]}
    store.writer.flush()
    assert counts(store.database)["decisions"] == 3


def test_a_lock_that_came_since_is_respected(store: Store) -> None:
    server = Desk(store)
    first = server.send(calm())
    assert first["set"]
    store.put_lock("7", 2)
    second = server.send(calm())
    assert second == first | {"set": {}}


@pytest.mark.parametrize("desk", [Format.FRESHDESK, Format.ZENDESK])
def test_an_exclusion_that_came_since_is_obeyed(store: Store, desk: Format) -> None:
    server, body = Desk(store, desk), calm(group_id="integrations")
    own = {"X-Zendesk-Webhook-Invocation-Id": "one"}
    first = server.send(body, **own)
    assert first["team"] == "technical-support"
    order = Exclusion(from_team="integrations", to_team="technical-support")
    store.put_exclusion(Exclusion(from_team="order-desk", to_team="technical-support"))
    assert server.send(body, **own) == first
    store.put_exclusion(order)
    second = server.send(body, **own)
    assert (second["team"], second["decision"] != first["decision"]) == ("senior-engineers", True)
    assert server.send(body, **own) == second
    store.remove_exclusion(order)
    assert server.send(body, **own) == first
    store.writer.flush()
    assert set(rows(store)) == {first["decision"], second["decision"]}


def test_a_locked_ticket_is_not_answered_anew_for_an_exclusion(store: Store) -> None:
    server, body = Desk(store), calm(group_id="integrations")
    first = server.send(body)
    store.put_exclusion(Exclusion(from_team="integrations", to_team="technical-support"))
    store.put_lock("7", 2)
    assert server.send(body) == first | {"set": {}}


def test_an_incident_locked_low_is_answered_anew_for_an_exclusion(store: Store) -> None:
    server, body = Desk(store), calm(description=BREACH)
    first = server.send(body)
    assert first["team"] == "incident-response"
    store.put_lock("7", 1, "general-support")
    assert server.send(body)["decision"] == first["decision"]
    store.put_exclusion(Exclusion(from_team="general-support", to_team="incident-response"))
    second = server.send(body)
    assert (second["tier"], second["team"]) == (3, "senior-engineers")
    assert server.send(body)["decision"] == second["decision"]


def test_while_the_store_is_away_a_delivery_waits_once(sqlite_store: Store) -> None:
    with gone(sqlite_store):
        server, other = Desk(sqlite_store), Desk(sqlite_store)
        first = server.send(calm())
        assert first["store"] == "away"
        assert server.send(calm()) == first
        assert other.send(calm())["decision"] == first["decision"]
        sqlite_store.writer.flush()
    sqlite_store.write_spool()
    assert list(rows(sqlite_store)) == [first["decision"]]


def test_without_a_store_the_second_answer_is_the_first() -> None:
    server = Desk(None)
    first = server.send(calm())
    server.now += timedelta(minutes=4)
    assert server.send(calm()) == first
    assert first["decision"] is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.booleans()), min_size=1, max_size=12)
)
def test_no_other_event_gets_an_answer_that_is_out_of_date(
    sent: list[tuple[int, bool, bool]],
) -> None:
    """Whatever comes when: equal bodies share a decision only while it stands."""
    answer = decided(ticket()).recommendation
    kept: dict[str, Past] = {}
    now = NOW
    for minutes, other, dated in sent:
        now += timedelta(minutes=minutes)
        body = b"other" if other else b"one"
        delivery = Delivery.of(Format.FRESHDESK, {}, body, dated=dated)
        name, past = delivery.decision(now, kept.get)
        if past is None:
            assert name not in kept
            review = now + timedelta(minutes=45)
            past = kept[name] = Past(answer.model_copy(update={"next_review_at": review}), now)
        assert kept[name] is past
        if not dated:
            assert now - past.at < timedelta(minutes=45)
        assert delivery.decision(now, kept.get) == (name, past)


def test_an_erased_answer_is_forgotten_here_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Desk(store)
    first = server.send(calm())
    store.writer.flush()
    purge(store.database, store.spool, store.pseudonyms(), Doomed(ticket="7"))
    server.send(calm())
    store.writer.flush()
    assert rows(store) == {}  # answered alike for some minutes
    monkeypatch.setattr("tierline.serving.http.deliveries._KEPT_SECONDS", 0.0)
    assert server.send(calm())["decision"] == first["decision"]
    store.writer.flush()
    assert len(rows(store)) == 1  # decided anew

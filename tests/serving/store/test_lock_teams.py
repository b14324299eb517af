"""A lock's team is where the ticket stays: routed, queued, handed on and written about."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS
from .making import ticket
from .test_store_api import serving

TEAM = "integrations"  # a pool of tier 2; a calm question about an invoice isn't for it


def test_a_lock_keeps_its_team(store: Store) -> None:
    lock = store.put_lock("T-1", 2, TEAM)
    assert (lock.tier, lock.team) == (2, TEAM)
    assert store.find_lock("T-1") == lock
    (found,) = store.with_locks([ticket(id="T-1", team="general-support")])
    assert (found.locked_by_human, found.current_tier, found.team) == (True, 2, TEAM)
    store.put_lock("T-1", 3)
    (found,) = store.with_locks([ticket(id="T-1", team="general-support")])
    assert (found.current_tier, found.team) == (3, "general-support")


def places(client: TestClient, body: str) -> dict[str, tuple[int, str]]:
    """Tier and team of T-1, by resource."""
    asked = {"id": "T-1", "body": body}
    given = client.post("/v1/route", json=asked | {"id": "T-2"}).json() | {"id": "T-1"}
    # In the last one the answer was given before the person placed the ticket.
    queues = ({"tickets": [asked]}, {"tickets": [asked], "answers": [given]})
    queued = [client.post("/v1/queue/order", json=q).json()["tickets"][0] for q in queues]
    found = {
        "route": client.post("/v1/route", json=asked).json(),
        "batch": client.post("/v1/route/batch", json={"tickets": [asked]}).json()["answers"][0],
        "handoff": client.post("/v1/handoff", json={"ticket": asked}).json()["packet"],
        "queue": queued[0] | {"team": queued[0]["own_team"]},
        "queue with answers": queued[1] | {"team": queued[1]["own_team"]},
    }
    return {name: (one["tier"], one["team"]) for name, one in found.items()}


def test_every_resource_respects_the_team(made: Store) -> None:
    asked = {"ticket": {"id": "T-1", "body": CALM}, "kind": "timeline"}
    with serving(made, None) as client:
        locked = client.put("/v1/locks/T-1", json={"team": TEAM}).json()
        assert (locked["tier"], locked["team"]) == (2, TEAM)
        assert client.get("/v1/locks/T-1").json() == locked
        assert set(places(client, CALM).values()) == {(2, TEAM)}
        # A lock can't switch safety off.
        assert set(places(client, LOSS).values()) == {(3, "incident-response")}
        under_lock = client.post("/v1/messages", json=asked).json()["promises"]
        client.delete("/v1/locks/T-1")
        assert set(places(client, CALM).values()) == {(1, "general-support")}
        assert client.post("/v1/messages", json=asked).json()["promises"] != under_lock


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"team": "nobody"}, "expected teams of the policy: "),
        ({"team": TEAM, "tier": 3}, "tier: expected one where integrations works: 2; found 3"),
        ({}, "the request doesn't fit the schema"),
        ({"tier": 5, "team": TEAM}, "the request doesn't fit the schema"),
    ],
)
def test_a_place_that_is_none_is_refused(made: Store, place: dict[str, Any], said: str) -> None:
    with serving(made, None) as client:
        refused = client.put("/v1/locks/T-1", json=place)
        assert refused.status_code == 422
        assert refused.json()["error"].startswith(said)
        assert client.get("/v1/locks/T-1").status_code == 404


def test_a_team_that_the_policy_no_longer_has_leaves_the_tier(made: Store) -> None:
    made.put_lock("T-1", 2, "the old guard")
    with serving(made, None) as client:
        found = client.post("/v1/route", json={"id": "T-1", "body": CALM}).json()
    assert (found["tier"], found["team"]) == (2, "technical-support")

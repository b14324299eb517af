"""A severity that a person stated of a ticket counts from then on, wherever the ticket is asked."""

import json
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection
from typer.testing import CliRunner

from tierline.data.ticket import Ticket
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.store import stated
from tierline.serving.store.purge import Doomed, purge
from tierline.serving.store.remembered import inputs_hash
from tierline.serving.store.replay import replay
from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS, NOW, POLICY, policy_with, prediction, predictor
from .making import decided, find, record, rows, ticket, wait_for
from .test_away import gone
from .test_deliveries import Desk, calm
from .test_store_api import serving

ASK: dict[str, Any] = {"id": "T-1", "body": CALM, "created_at": NOW.isoformat()}
P1_DUE = "2025-03-10T12:15:00Z"


def state(store: Store, severity: str, name: str = "T-1", minutes: int = 0, **more: Any) -> None:
    record(
        store,
        ticket(id=name, stated_severity=severity, **more),
        now=NOW + timedelta(minutes=minutes),
    )


def known(store: Store, *tickets: Ticket) -> list[str | None]:
    found = store.with_severities(tickets or [ticket(id="T-1")], POLICY)
    return [one.stated_severity for one in found]


def answers(client: TestClient, body: str = CALM) -> dict[str, tuple[Any, ...]]:
    """Tier, severity (or what comes first) and deadline of T-1, by resource."""
    asked = ASK | {"body": body}
    given = client.post("/v1/route", json=asked | {"id": "T-2"}).json() | {"id": "T-1"}
    queues = ({"tickets": [asked]}, {"tickets": [asked], "answers": [given]})
    queued = [client.post("/v1/queue/order", json=q).json()["tickets"][0] for q in queues]
    found = {
        "route": client.post("/v1/route", json=asked).json(),
        "batch": client.post("/v1/route/batch", json={"tickets": [asked]}).json()["answers"][0],
        "handoff": client.post("/v1/handoff", json={"ticket": asked}).json()["packet"],
        "queue": queued[0] | {"severity": queued[0]["terms"][0]["said"]},
        "queue with answers": queued[1] | {"severity": queued[1]["terms"][0]["said"]},
    }
    return {name: (one["tier"], one["severity"], one["respond_by"]) for name, one in found.items()}


@pytest.mark.parametrize("source", [None, lambda: predictor(lambda _: prediction("P3"))])
def test_what_a_hand_off_stated_counts_in_every_resource(made: Store, source: Any) -> None:
    with serving(made, source) as client:
        before = answers(client)
        notes = {"severity": "P1"}
        client.post("/v1/handoff", json={"ticket": ASK, "notes": notes})
        assert set(answers(client).values()) == {(3, "P1", P1_DUE)}
        queue = client.post("/v1/queue/order", json={"tickets": [ASK, ASK | {"id": "T-2"}]}).json()
        assert [(t["id"], t["first"]) for t in queue["tickets"]] == [("T-1", "P1"), ("T-2", None)]
        packet = client.post("/v1/handoff", json={"ticket": ASK}).json()["packet"]
        assert packet["severity_by"] == "person"
        # Only a person takes it back, and no other ticket has it.
        state_again = ASK | {"stated_severity": "P3"}
        assert client.post("/v1/route", json=state_again).json()["severity"] == "P3"
        after = answers(client)
        assert {one[2] for one in after.values()} == {one[2] for one in before.values()}
        assert {one[1] for one in after.values()} == {"P3"}
    stored = rows(made)
    said = [row["stated_severity"] for row in stored.values()]
    assert sorted(filter(None, said)) == ["P1", "P3"]
    assert all(replay(find(made, name)).same for name in stored)


def test_messages_hear_it_too(made: Store) -> None:
    ask = {"ticket": ASK, "kind": "timeline"}
    with serving(made, None) as client:
        state(made, "P1")
        client.post("/v1/messages", json=ask)
        client.post("/v1/messages", json=ask | {"severity": "P4"})
    last = sorted(rows(made).values(), key=lambda row: str(row["clock"]))
    assert [row["recommendation"]["severity"] for row in last] == ["P1", "P1", "P4"]


def test_an_incident_stays_at_tier_3(made: Store) -> None:
    with serving(made, None) as client:
        client.post("/v1/handoff", json={"ticket": ASK, "notes": {"severity": "P4"}})
        assert {one[0] for one in answers(client, LOSS).values()} == {3}
        assert {one[0] for one in answers(client).values()} == {1}


def test_a_severity_of_now_counts_more_and_becomes_the_last(store: Store) -> None:
    state(store, "P1")
    asked = [ticket(id="T-1", stated_severity="P4"), ticket(id="T-2"), ticket(), ticket(id="T-1")]
    assert known(store, *asked) == ["P4", None, None, "P1"]
    state(store, "P2", minutes=1)
    assert known(store) == ["P2"]
    state(store, "P3", minutes=-1)  # an older clock isn't the last word
    assert known(store) == ["P2"]


def test_an_answer_under_a_remembered_severity_is_no_new_word(store: Store) -> None:
    state(store, "P1")
    (recalled,) = store.with_severities([ticket(id="T-1")], POLICY)
    state(store, "P4", minutes=1)
    # An answer that was on its way when P4 was stated is recorded after it.
    later = NOW + timedelta(minutes=2)
    store.record([decided(recalled, now=later)], POLICY, later, recalled={0})
    store.writer.flush()
    assert len(rows(store)) == 3
    assert known(store) == ["P4"]


def test_tickets_are_looked_up_together(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        state(sqlite_store, f"P{n % 4 + 1}", f"T-{n}")
    asked: list[int] = []
    real = stated.find

    def counted(connection: Connection, keys: Collection[str]) -> dict[str, stated.Stated]:
        asked.append(len(keys))
        return real(connection, keys)

    monkeypatch.setattr(stated, "find", counted)
    found = known(sqlite_store, *(ticket(id=f"T-{n}") for n in range(6)))
    assert (asked, found) == ([6], ["P1", "P2", "P3", "P4", "P1", None])


@pytest.mark.parametrize(
    "doomed",
    [Doomed(ticket="T-1"), Doomed(customer="C-1"), Doomed(before=NOW + timedelta(minutes=1))],
)
def test_it_is_forgotten_with_its_decision(
    store: Store, url: str, tmp_path: Path, doomed: Doomed
) -> None:
    other = Store(url, tmp_path / "spool")
    other.start(need=True)
    state(store, "P1", customer="C-1")
    assert known(other) == known(store) == ["P1"]
    purge(other.database, other.spool, other.pseudonyms(), doomed)
    assert known(other) == known(store) == [None]
    other.close()


def test_what_is_not_written_yet_counts(made: Store, tmp_path: Path) -> None:
    made.start(need=True)
    state(made, "P3")
    slow = Store(str(made.database.url), tmp_path / "other")  # its writer never starts
    slow.check()
    later = NOW + timedelta(minutes=1)
    asked = ticket(id="T-1", stated_severity="P1")
    slow.record([decided(asked, now=later)], POLICY, later)
    assert known(slow) == ["P1"]
    assert known(made) == ["P3"]
    slow.database.close()
    made.close()


def test_while_the_store_is_away_those_seen_before_hold(sqlite_store: Store) -> None:
    store = sqlite_store
    state(store, "P1", "T-1")
    state(store, "P1", "T-2")
    known(store, ticket(id="T-1"), ticket(id="T-2"))
    with gone(store):
        assert known(store) == ["P1"]
        state(store, "P4", "T-2", minutes=1)
        assert known(store, ticket(id="T-1"), ticket(id="T-2")) == ["P1", "P4"]
        assert store.status.state == "away"
    wait_for(lambda: store.status.state == "on" and not store.status.waiting)
    assert known(store, ticket(id="T-1"), ticket(id="T-2")) == ["P1", "P4"]


def test_one_that_the_policy_no_longer_knows_has_no_say(store: Store) -> None:
    own = policy_with(severity_names={"huge": "P1"})
    record(store, ticket(id="T-1", stated_severity="huge"), policy=own)
    assert known(store) == [None]
    (found,) = store.with_severities([ticket(id="T-1")], own)
    assert found.stated_severity == "huge"


def test_a_record_of_before_replays(store: Store) -> None:
    (name,) = record(store, ticket(stated_severity="P1"))
    stored = find(store, name)
    # Then only the column said it.
    assert stored.row["context"].pop("stated_severity") == "P1"
    stored.row["inputs_hash"] = inputs_hash(stored.row)
    assert replay(stored).same
    stored.row["stated_severity"] = None
    assert "severity" in replay(stored).differs


def test_a_webhook_that_comes_again_is_answered_by_it(store: Store) -> None:
    server = Desk(store)
    first = server.send(calm())
    assert (first["tier"], first["decision"] is None) == (1, False)
    state(store, "P1", "7")
    second = server.send(calm())
    assert (second["tier"], second["decision"] != first["decision"]) == (3, True)
    assert server.send(calm()) == second
    fresh = server.send(calm(subject="y"))
    assert (fresh["tier"], fresh["set"]) == (3, second["set"])


@pytest.fixture
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.console, "width", 300)


def output(*arguments: str) -> str:
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


@pytest.mark.usefixtures("_wide")
def test_commands_hear_it(made: Store, sqlite_url: str, tmp_path: Path) -> None:
    store = ("--store", sqlite_url)
    asked = ("route", CALM, "--id", "T-1", "--rules-only")
    assert "Tier 3" in output(*asked, "--severity", "P1", *store)
    assert "Tier 3" in output(*asked, *store)
    assert "Tier 1" in output(*asked)
    packet = output("handoff", json.dumps(ASK), "--json", "--rules-only", *store)
    assert json.loads(packet)["severity"] == "P1"
    (tmp_path / "in.csv").write_text(f"id,body,stated_severity\nT-1,{CALM},\nT-9,{CALM},P2\n")
    score = ("score", "in.csv", "--rules-only")
    output(*score, "--out", "before.jsonl")
    output(*score, "--out", "answers.jsonl", *store)
    scored = [json.loads(line) for line in Path("answers.jsonl").read_text().splitlines()]
    assert [(row["tier"], row["severity"]) for row in scored] == [(3, "P1"), (2, "P2")]
    for how in (("--rules-only",), ("--answers", "before.jsonl")):
        output("queue", "in.csv", "--out", "queue.jsonl", *how, *store)
        first = json.loads(Path("queue.jsonl").read_text().splitlines()[0])
        assert (first["id"], first["first"], first["tier"]) == ("T-1", "P1", 3)
    made.check()
    # The file stated one of T-9: it counts without the file.
    assert known(made, ticket(id="T-1"), ticket(id="T-9")) == ["P1", "P2"]
    made.database.close()

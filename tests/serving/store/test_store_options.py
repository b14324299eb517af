"""Commands with ``--store``: locks and exclusions count there as they do over HTTP."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tierline.data.errors import StoreError
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.store.forms import Exclusion
from tierline.serving.store.setup import counts
from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS
from .making import rows


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.console, "width", 300)


@pytest.fixture
def told(made: Store) -> Store:
    """A store with a lock with a team, and an order."""
    made.put_lock("T-1", 2, "integrations")
    made.put_lock("1", 4)
    made.put_exclusion(Exclusion(from_team="order-desk", to_team="general-support"))
    made.database.close()
    return made


def output(*arguments: str) -> str:
    asked = [*arguments] if arguments[0] == "queue" else [*arguments, "--rules-only"]
    return CliRunner().invoke(app, asked, catch_exceptions=False).stdout


def test_route_hears_the_store_and_is_kept(told: Store, sqlite_url: str) -> None:
    store = ("--store", sqlite_url)
    assert "Tier 1" in output("route", CALM, "--id", "T-1")
    said = output("route", CALM, "--id", "T-1", *store)
    assert "Tier 2" in said
    assert "integrations" in said
    (name,) = rows(told)
    assert f"decision {name}" in said
    assert "Tier 3" in output("route", LOSS, "--id", "T-1", *store)
    assert "never routed to general-support" in output(
        "route", CALM, "--team", "order-desk", *store
    )
    assert counts(told.database)["decisions"] == 3


def test_handoff_and_message_hear_the_store(told: Store, sqlite_url: str, tmp_path: Path) -> None:
    asked = json.dumps({"id": "T-1", "body": CALM})
    store = ("--store", sqlite_url)
    packet = json.loads(output("handoff", asked, "--json", *store))
    assert (packet["id"], packet["tier"], packet["team"]) == ("T-1", 2, "integrations")
    more = ("--kind", "timeline", "--json", "--now", "2025-03-10T12:00")
    assert output("message", asked, *more) != output("message", asked, *more, *store)
    assert counts(told.database)["decisions"] == 2
    # A row's number is no ticket's name.
    (tmp_path / "in.csv").write_text(f"body\n{CALM}\n")
    packet = json.loads(output("handoff", "in.csv", "--json", *store))
    assert (packet["id"], packet["tier"]) == ("1", 1)


@pytest.mark.parametrize("answered", [False, True])
def test_queue_hears_the_store(
    told: Store, sqlite_url: str, tmp_path: Path, answered: bool
) -> None:
    lines = [f"T-1,{CALM},", f"T-2,{CALM},", f"T-3,{CALM},order-desk", f"T-4,{LOSS},"]
    (tmp_path / "in.csv").write_text("\n".join(["id,body,team", *lines]) + "\n")
    output("score", "in.csv", "--out", "answers.jsonl")
    how = ("--answers", "answers.jsonl") if answered else ("--rules-only",)
    made = ("queue", "in.csv", "--out", "queue.jsonl", *how, "--store", sqlite_url)
    output(*made)
    found = {
        row["id"]: row for row in map(json.loads, Path("queue.jsonl").read_text().splitlines())
    }
    assert (found["T-1"]["tier"], found["T-1"]["own_team"]) == (2, "integrations")
    assert (found["T-2"]["tier"], found["T-2"]["own_team"]) == (1, "general-support")
    # An answer of before names the team that is barred now: the ticket waits to be scored again.
    barred = found["T-3"]["waits_for"] == "excluded"
    assert barred if answered else found["T-3"]["own_team"] != "general-support"
    assert found["T-4"]["tier"] == 3
    assert counts(told.database)["decisions"] == 0
    (tmp_path / "bare.csv").write_text(f"body\n{CALM}\n")
    output("queue", "bare.csv", "--out", "bare.jsonl", "--rules-only", "--store", sqlite_url)
    assert json.loads(Path("bare.jsonl").read_text())["tier"] == 1


@pytest.mark.parametrize("command", ["queue", "route", "handoff", "message"])
def test_a_store_that_is_away_is_told_before_anything(command: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"id,body\nT-1,{CALM}\n")
    more = ("--out", "out.jsonl", "--rules-only") if command == "queue" else ()
    with pytest.raises(StoreError, match="tierline store init"):
        output(command, "in.csv", *more, "--store", f"sqlite:///{tmp_path}/none.db")

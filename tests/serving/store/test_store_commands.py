"""The commands of the store, as a user types them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool
from typer.testing import CliRunner

from tierline.data.errors import InputError, StoreError, TierlineError
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.store.store import Store

from ..fakes import BREACH, CALM, LOSS
from .making import record, rows, ticket
from .test_away import behind

runner = CliRunner()


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setattr(commands.errors, "width", 200)


@pytest.fixture
def at(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that is made, and named by the environment."""
    monkeypatch.setenv("TIERLINE_STORE_URL", sqlite_url)
    output("store", "init")
    return sqlite_url


def output(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def refusal(kind: type[TierlineError], *arguments: str) -> str:
    with pytest.raises(kind) as caught:
        runner.invoke(app, arguments, catch_exceptions=False)
    return str(caught.value)


def scored(folder: Path) -> Path:
    path = folder / "in.csv"
    lines = ("id,body,order_value,customer", f"T-1,{CALM},5000,C-1", f"T-2,{LOSS},,C-2")
    path.write_text("\n".join([*lines, f"T-3,{BREACH},,C-2"]) + "\n")
    output("score", str(path), "--out", str(folder / "out.jsonl"), "--rules-only")
    return folder / "out.jsonl"


def test_a_store_is_made_filled_and_looked_at(at: str, tmp_path: Path) -> None:
    assert "migration 0006" in output("store", "init")
    scored(tmp_path)
    said = output("store", "status")
    assert "decisions: 3" in said
    assert "waiting in" in said
    assert "0006 → 0006" in output("store", "upgrade")


def test_scoring_respects_locks_and_names_no_ticket_by_its_row(at: str, tmp_path: Path) -> None:
    store = Store(at)
    store.put_lock("T-1", 3)
    store.put_lock("1", 4)
    answers = [json.loads(line) for line in scored(tmp_path).read_text().splitlines()]
    assert [(a["id"], a["tier"]) for a in answers] == [("T-1", 3), ("T-2", 3), ("T-3", 3)]
    (tmp_path / "bare.csv").write_text(f"body\n{CALM}\n")
    output("score", "bare.csv", "--out", "bare.jsonl", "--rules-only")
    bare = json.loads((tmp_path / "bare.jsonl").read_text())
    assert (bare["id"], bare["tier"]) == ("1", 1)
    assert sum(row["ticket_key"] is None for row in rows(store).values()) == 1
    store.database.close()


def test_a_decision_is_replayed_by_its_ticket(at: str, tmp_path: Path) -> None:
    scored(tmp_path)
    said = output("replay", "T-2")
    assert "the same answer, bit for bit" in said
    assert "safety.data_loss" in said
    store = Store(at)
    with store.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE decisions SET recommendation = json_set(recommendation, '$.tier', 1)"
        )
    store.database.close()
    assert "differs in tier" in output("replay", "T-2", code=1)
    assert "found neither" in refusal(StoreError, "replay", "T-9")


def test_a_diff_shows_what_changes(at: str, tmp_path: Path) -> None:
    scored(tmp_path)
    (tmp_path / "new.toml").write_text('[tiers.3]\nowner = "the night watch"\n')
    said = output("diff", "--policy", "new.toml", "--out", "changes.json")
    assert "3 decisions since" in said
    assert "2 change" in said
    assert "3 → 3" in said
    assert "│ owner  │         2 │" in said
    listed = json.loads((tmp_path / "changes.json").read_text())
    assert [change["fields"] for change in listed] == [["owner"], ["owner"]]
    assert "found neither" in refusal(InputError, "diff")
    assert ".json or .csv" in refusal(InputError, "diff", "--policy", "new.toml", "--out", "a.txt")
    assert "--since" in refusal(InputError, "diff", "--policy", "new.toml", "--since", "x")
    assert "0 decisions since 2999" in output(
        "diff", "--policy", "new.toml", "--since", "2999-01-01"
    )


def test_corrections_go_in_and_out(at: str, tmp_path: Path) -> None:
    scored(tmp_path)
    lines = [
        {"id": "T-1", "severity": "P1", "origin": "human"},
        {"id": "T-1", "severity": "P1", "origin": "human"},
        {"id": "T-2", "severity": "P1", "origin": "robot"},
        {"id": "T-2", "severity": "ask jo@example.com", "origin": "human"},
    ]
    path = tmp_path / "f.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = output("feedback", "import", "f.jsonl")
    assert "1 corrections stored, 1 known before" in said
    assert "2 rows quarantined" in said
    bad = (tmp_path / "f.jsonl.quarantine.jsonl").read_text()
    assert "origin: expected one of" in bad
    assert "personal data" in bad
    assert "example.com" not in bad
    assert "1 corrections" in output("feedback", "export", "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text())["body"] == CALM
    assert "ending in .jsonl" in refusal(InputError, "feedback", "export", "out.csv")


def test_erasure_by_command(at: str, tmp_path: Path) -> None:
    scored(tmp_path)
    assert "decisions: 2 erased" in output("store", "purge", "--customer", "C-2")
    assert "decisions: 0 erased" in output("store", "purge", "--ticket", "T-2")
    assert "decisions: 0 erased" in output("store", "purge", "--before", "2020-01-01")
    assert "expected one of" in refusal(InputError, "store", "purge")
    assert "--before" in refusal(InputError, "store", "purge", "--before", "monday")


def test_what_waits_is_written_by_command(at: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"body\n{CALM}\n")
    away = Store(at)
    with behind(away):
        asked = ("score", "in.csv", "--out", "o.csv", "--rules-only")
        assert "tierline store upgrade" in refusal(StoreError, *asked)
        away.start()
        record(away, ticket(id="T-7"))
        away.close()
    assert "decisions: 0" in output("store", "status")
    assert "1 decisions written" in output("store", "sync")
    assert "decisions: 1" in output("store", "status")


def test_what_the_database_refuses_is_not_said_to_be_written(at: str) -> None:
    away = Store(at)
    with behind(away):
        away.start()
        record(away, ticket(id="T-7"), ticket(id="T-8"))
        away.close()
    spool = away.spool.folder / "waiting.jsonl"
    *lines, last = spool.read_text().splitlines()
    spool.write_text("\n".join([*lines, json.dumps(json.loads(last) | {"mode": None})]) + "\n")
    said = output("store", "sync")
    assert "1 decisions written" in said
    assert f"1 refused by the database, kept in {away.spool.folder}" in said
    assert "decisions: 1" in output("store", "status")
    assert "refused" not in output("store", "sync")


def test_a_command_needs_a_store_that_is_there(tmp_path: Path) -> None:
    assert "TIERLINE_STORE_URL" in refusal(StoreError, "replay", "T-1")
    missing = f"sqlite:///{tmp_path / 'none.db'}"
    assert "tierline store init" in refusal(StoreError, "store", "status", "--store", missing)
    assert not (tmp_path / "none.db").exists()


def test_commands_leave_no_connection_open(url: str) -> None:
    opened: set[int] = set()

    def connect(connection: object, _: object) -> None:
        opened.add(id(connection))

    def close(connection: object, _: object) -> None:
        opened.discard(id(connection))

    event.listen(Pool, "connect", connect)
    event.listen(Pool, "close", close)
    try:
        refusal(StoreError, "route", CALM, "--rules-only", "--store", url)
        assert not opened
        for command in ("init", "upgrade", "status"):
            output("store", command, "--store", url)
            assert not opened
        output("route", CALM, "--rules-only", "--store", url)
        assert not opened
    finally:
        event.remove(Pool, "connect", connect)
        event.remove(Pool, "close", close)


def test_an_import_of_nothing_usable_fails(at: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": "T-2", "severity": "P1", "origin": "robot"}\n')
    assert "all rows of bad.jsonl" in refusal(InputError, "feedback", "import", "bad.jsonl")

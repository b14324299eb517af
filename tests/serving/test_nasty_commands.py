"""Nasty texts by command: `tierline route --ticket -` and `tierline score`."""

import json
import unicodedata
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from tierline.data.errors import InputError
from tierline.serving import commands
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands import app
from tierline.serving.routing import router as routing

from .backlog.test_nasty import BODIES, REFUSED, WRITERS, hold
from .fakes import asked_once
from .nasty import BREACH, NASTY_JSON

runner = CliRunner()
PLANTED: Final = "zebrafish"


@pytest.fixture(autouse=True)
def _wide_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "recommend", asked_once)
    monkeypatch.setattr(commands.console, "width", 200)


def route(ticket: bytes) -> Result:
    return runner.invoke(app, ["route", "--ticket", "-", "--rules-only"], input=ticket)


def test_one_ticket_on_standard_input() -> None:
    refused = set()
    for name, body in BODIES.items():
        made = route(json.dumps({"subject": PLANTED, "body": body}).encode())
        if isinstance(made.exception, InputError):
            refused.add(name)
            assert len(str(made.exception)) < 150
            assert PLANTED not in str(made.exception)
            continue
        assert (name, made.exception) == (name, None)
        # What a terminal would obey, and not show.
        orders = {c for c in made.output if unicodedata.category(c) == "Cc"} - {"\n"}
        assert (name, orders) == (name, set())
        if name.endswith("+breach"):
            assert "─ Tier 3 " in made.output.partition("\n")[0]
            assert "safety.security_breach" in made.output
    assert refused == REFUSED


@pytest.mark.parametrize("body", NASTY_JSON, ids=range(len(NASTY_JSON)))
def test_standard_input_that_is_no_ticket(body: bytes) -> None:
    made = route(body)
    assert isinstance(made.exception, InputError)
    assert len(str(made.exception)) < 150


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_backlog_by_command(tmp_path: Path, suffix: str) -> None:
    source, out = WRITERS[suffix](tmp_path / f"in{suffix}"), tmp_path / "out.jsonl"
    options = "--rules-only", "--no-what-if", "--now", "2025-03-10T12:00Z"
    made = runner.invoke(app, ["score", str(source), "--out", str(out), *options])
    assert made.exit_code == 0, made.output
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    aside = quarantine_path(out).read_text(encoding="utf-8").splitlines()
    hold({answer["id"]: answer for answer in answers}, [json.loads(line) for line in aside])
    assert f"{len(answers):,} tickets answered" in made.output
    assert BREACH not in made.output

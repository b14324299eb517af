"""How a ticket's context for teams gets in, and how a team gets out: files, commands, HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tierline.data.columns import parse_map
from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys

from ..fakes import CALM, LOSS, POLICY

runner = CliRunner()
HAND = '{"customer_impact": 3, "business_risk": 0}'
CSV = f"""id,text,shop,lang,sites,squad,state,levels
a,{CALM},Till,de-AT,2,social-media,fixed,"{HAND.replace('"', '""')}"
b,{CALM},,,,,,
"""
MAP = "product=shop,language=lang,sites_affected=sites,team=squad,status=state,assessment=levels"


def route(*options: str) -> str:
    result = runner.invoke(app, ["route", CALM, "--rules-only", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_ticket_is_read_from_a_file_and_options_add_to_it(tmp_path: Path) -> None:
    path = tmp_path / "ticket.json"
    path.write_text(json.dumps({"body": CALM, "current_tier": 2, "team": "integrations"}))

    def routed(*options: str, given: str | None = None) -> str:
        arguments = ["route", "--rules-only", *options]
        result = runner.invoke(app, arguments, input=given, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    assert "Tier 2" in routed("--ticket", str(path))
    assert "Tier 3" in routed("--ticket", str(path), "--current-tier", "3")
    assert "Tier 3" in routed("--ticket", "-", given=json.dumps({"body": LOSS}))
    assert "hello again" in routed("hello again", "--ticket", str(path))
    earlier = ("--earlier-severity", "P1", "--earlier-sentiment", "very_negative")
    assert "advice.close" in routed("--ticket", str(path), "--status", "solved", *earlier)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected the ticket's words, or --ticket with a file; found neither"),
        ("[]", "expected a JSON object; found list"),
        ("{", "expected a JSON object: no valid JSON"),
        ('{"body": 1}', "body: "),
        ('{"zebra": 1}', "zebra: "),
        ("gone", "can't be read"),
    ],
)
def test_a_ticket_that_can_not_be_read_is_refused(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "ticket.json"
    if content and content != "gone":
        path.write_text(content)
    options = () if content is None else ("--ticket", str(path))
    with pytest.raises(InputError) as caught:
        runner.invoke(app, ["route", "--rules-only", *options], catch_exceptions=False)
    assert said in str(caught.value)


def test_columns_of_any_name_become_context(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(CSV)
    first, bare = (row.ticket for row in TicketFile(path, parse_map(MAP)))  # type: ignore[union-attr]
    assert (first.product, first.language, first.sites_affected) == ("Till", "de-AT", 2)
    assert (first.team, first.status) == ("social-media", "fixed")
    assert first.assessment is not None
    assert (first.assessment.customer_impact, first.assessment.business_risk) == (3, 0)
    assert bare.model_dump(exclude={"id", "body"}, exclude_defaults=True) == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("assessment", {"customer_impact": 4}, "assessment.customer_impact: expected an object of"),
        ("assessment", {"zebrafish": 1}, "assessment: expected an object of customer_impact"),
        ("assessment", "zebrafish", "assessment: expected an object of"),
        ("assessment", "[" * 100_000, "assessment: expected an object of"),
        ("sites_affected", -1, "sites_affected: "),
        ("product", {"name": "zebrafish"}, "product: expected text; found dict"),
        ("status", "zebrafish" * 9, "status: expected at most 64 characters"),
    ],
)
def test_context_that_is_wrong_is_set_aside_without_its_words(
    tmp_path: Path, field: str, value: Any, said: str
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"body": CALM, field: value}))
    (row,) = TicketFile(path)
    assert isinstance(row, BadRow)
    assert row.reason.startswith(said)
    assert "zebrafish" not in row.reason


def test_an_answer_file_names_the_team(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(CSV)
    arguments = ["score", str(source), "--out", str(out), "--rules-only", "--map", MAP]
    assert runner.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    first, second = map(json.loads, out.read_text().splitlines())
    assert (first["tier"], first["team"]) == (3, "senior-engineers")
    assert first["assessment"]["customer_impact"]["by_hand"]
    assert (second["team"], second["would_change"][0]["tier"]) == ("general-support", 2)
    assert runner.invoke(app, [*arguments, "--no-what-if"], catch_exceptions=False).exit_code == 0
    bare = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row.pop("would_change") for row in bare] == [[], []]
    assert (bare[0]["tier"], bare[0]["assessment"]) == (3, first["assessment"])


def test_route_shows_team_assessment_and_what_would_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.console, "width", 200)
    said = route("--assess", "customer_impact=2, business_risk=1", "--sites-affected", "1",
                 "--customer-tier", "enterprise", "--order-value", "2000")  # fmt: skip
    assert "team technical-support may refund up to 100 EUR, grant credit up to 200 EUR" in said
    assert "assessment 3 of 12" in said
    assert "customer impact 2 (set by hand)" in said
    assert "would be tier 3 if an agent sets customer impact to 3" in said
    held = route("--current-tier", "2", "--team", "social-media", "--locked")
    assert "team social-media" in held
    assert "a person placed this ticket with social-media" in held


@pytest.mark.parametrize("wrong", ["customer_impact=4", "mood=1", "customer_impact"])
def test_levels_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=r"customer_impact|mood"):
        route("--assess", wrong)


def test_the_api_takes_the_assessment() -> None:
    with TestClient(create_app(POLICY, None, ApiKeys.parse(""))) as client:
        ticket = {"body": CALM, "assessment": {"customer_impact": 3}, "team": "order-desk"}
        found = client.post("/v1/route", json=ticket).json()
        assert (found["tier"], found["team"]) == (3, "senior-engineers")
        assert found["reasons"][-1]["rule"] == "assessment.asks"
        ticket["assessment"] = {"customer_impact": 4}
        refused = client.post("/v1/route", json=ticket)
        assert refused.status_code == 422
        assert refused.json()["details"][0].startswith("body.assessment.customer_impact: ")

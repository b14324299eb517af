"""A severity that a person states with a ticket: over HTTP, on the command line, in files."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tierline.data.errors import InputError, PolicyError
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router

from .fakes import CALM, LOSS, NOW, POLICY, prediction, predictor, rules
from .test_recommend_properties import PROFILE, predictions, tickets

EXPECTED = "expected P1, P2, P3, P4 or a name that the policy gives one"


def asked(severity: str | None, body: str = CALM, name: str = "T-1") -> dict[str, Any]:
    return {"id": name, "body": body, "stated_severity": severity}


def test_it_counts_for_one_ticket(client: TestClient) -> None:
    found = client.post("/v1/route", json=asked("P1")).json()
    assert (found["tier"], found["severity"], found["severity_confidence"]) == (3, "P1", None)
    assert any(reason["rule"] == "assessment.severity" for reason in found["reasons"])
    # Nothing is remembered without a store.
    assert client.post("/v1/route", json=asked(None)).json()["tier"] == 1


def test_each_ticket_of_a_batch_has_its_own(client: TestClient) -> None:
    batch = [asked("P1", name="a"), asked(None, name="b"), asked("P4", LOSS, "c")]
    found = client.post("/v1/route/batch", json={"tickets": batch}).json()["answers"]
    assert [(one["tier"], one["severity"]) for one in found] == [(3, "P1"), (1, "P3"), (3, "P4")]


@pytest.mark.parametrize("answered", [False, True])
def test_the_queue_follows_it(client: TestClient, answered: bool) -> None:
    bare = [asked(None, name=name) for name in ("a", "b")]
    given = client.post("/v1/route/batch", json={"tickets": bare}).json()["answers"]
    ask = {"tickets": [asked(None, name="a"), asked("P1", name="b")]}
    found = client.post("/v1/queue/order", json=ask | ({"answers": given} if answered else {}))
    first, second = found.json()["tickets"]
    assert [(t["id"], t["first"], t["tier"]) for t in (first, second)] == [
        ("b", "P1", 3),
        ("a", None, 1),
    ]
    assert "severity (P1)" in first["why"]


@pytest.mark.parametrize(
    ("path", "ask", "place"),
    [
        ("route", asked("P9"), "body.stated_severity"),
        ("route/batch", {"tickets": [asked("P1"), asked("P9")]}, "body.tickets.1.stated_severity"),
        ("queue/order", {"tickets": [asked("P9")]}, "body.tickets.0.stated_severity"),
    ],
)
def test_one_that_the_policy_does_not_know_is_refused(
    client: TestClient, path: str, ask: dict[str, Any], place: str
) -> None:
    refused = client.post(f"/v1/{path}", json=ask)
    assert refused.status_code == 422
    assert refused.json()["details"] == [f"{place}: {EXPECTED}"]


@pytest.mark.parametrize("severity", ["", "x" * 201, 1])
def test_what_is_no_label_does_not_fit(client: TestClient, severity: Any) -> None:
    ask = {"body": CALM, "stated_severity": severity}
    assert client.post("/v1/route", json=ask).status_code == 422


@PROFILE
@given(st.lists(st.tuples(tickets(), predictions, st.sampled_from("1234")), max_size=4))
def test_no_stated_severity_lowers_the_safety_floor(
    given: list[tuple[Ticket, Prediction | None, str]],
) -> None:
    named = [t.model_copy(update={"id": str(i)}) for i, (t, _, _) in enumerate(given)]

    def say(ticket: Ticket) -> Prediction:
        said = given[int(ticket.id or "")][1]
        assert said is not None  # the router then answers by rules
        return said

    router = Router(POLICY, predictor(say))
    stated = [
        t.model_copy(update={"stated_severity": f"P{level}"})
        for t, (_, _, level) in zip(named, given, strict=True)
    ]
    before, after = router.route(named, NOW), router.route(stated, NOW)
    for own, found, ticket in zip(before, after, stated, strict=True):
        alarms = [rule for rule in rules(own) if rule.startswith("safety.")]
        assert [rule for rule in rules(found) if rule.startswith("safety.")] == alarms
        assert found.tier >= 3 or not alarms
        assert found.severity == ticket.stated_severity
        if "caution.p1" in rules(own) and found.severity != "P1":
            assert "caution.p1" in rules(found)


def test_a_router_refuses_it_for_all() -> None:
    router = Router(POLICY, predictor(lambda _: prediction()))
    with pytest.raises(InputError, match=EXPECTED):
        router.route([Ticket(body=CALM), Ticket(body=CALM, stated_severity="P9")], NOW)


@pytest.fixture
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERLINE_STORE_URL", raising=False)
    monkeypatch.setattr(commands.console, "width", 200)


def output(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--rules-only"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("_apart")
def test_the_command_takes_it() -> None:
    assert "Tier 1" in output("route", CALM)
    said = output("route", CALM, "--severity", "P1")
    assert "Tier 3" in said
    assert "severity   P1  (by a person)" in said
    Path("t.json").write_text(json.dumps(asked("P2")))
    assert "Tier 2" in output("route", "--ticket", "t.json")
    assert "Tier 3" in output("route", "--ticket", "t.json", "--severity", "P1")
    with pytest.raises(InputError, match=EXPECTED):
        output("route", CALM, "--severity", "P9")


@pytest.mark.usefixtures("_apart")
def test_files_may_say_it_and_a_bad_one_costs_only_its_row() -> None:
    lines = [f"a,{CALM},P1", f"b,{CALM},P9", f"c,{CALM},"]
    Path("in.csv").write_text("\n".join(["id,body,stated_severity", *lines]) + "\n")

    def read(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in Path(name).read_text().splitlines()]

    output("score", "in.csv", "--out", "out.jsonl")
    assert [(row["id"], row["tier"]) for row in read("out.jsonl")] == [("a", 3), ("c", 1)]
    output("queue", "in.csv", "--out", "queue.jsonl")
    assert [(row["id"], row["first"]) for row in read("queue.jsonl")] == [("a", "P1"), ("c", None)]
    for name in ("out", "queue"):
        (bad,) = read(f"{name}.jsonl.quarantine.jsonl")
        assert (bad["row"], bad["reason"]) == (2, f"stated_severity: {EXPECTED}")


def test_a_help_desks_field_is_no_persons_word(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[helpdesk.jira.fields]\nstated_severity = "priority"\n')
    with pytest.raises(PolicyError, match=r"helpdesk\.jira.*found \['stated_severity'\]"):
        load_policy(tmp_path / "p.toml")

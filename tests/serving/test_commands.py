"""The command line: what it prints, what it writes, and how it refuses."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError, ModelNotFoundError, PolicyError
from tierline.models.runtime.graph import Device
from tierline.models.runtime.prediction import HeadPrediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.commands import app
from tierline.serving.policy import toml_of_default
from tierline.serving.policy.prose import prose
from tierline.training.cli import main

from .called import output, refusal, runner
from .fakes import BREACH, CALM, LOSS, MANIFEST, POLICY, explained, prediction, predictor

pytestmark = pytest.mark.usefixtures("apart")


@pytest.fixture
def backlog(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(f"id,body,filed\na,{CALM},2025-03-10T11:00\nb,{LOSS},2025-03-10T11:00\nc,x\n")
    return path


def answers(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_policy_show_is_prose() -> None:
    assert output("policy", "show") == prose(POLICY) + "\n"


def test_policy_show_toml_is_the_file_itself(tmp_path: Path) -> None:
    said = output("policy", "show", "--toml")
    assert said.rstrip("\n") == toml_of_default().rstrip("\n")
    (tmp_path / "own.toml").write_text(said)
    assert POLICY.version in output("policy", "check", "own.toml")


def test_policy_show_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[tiers.2]\nowner = "the [bold] ones"')
    assert "technical support (the [bold] ones)" in output("policy", "show", "own.toml")


def test_policy_check_says_good_with_the_version(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('name = "ours"')
    assert "own.toml: good, policy version ours-" in output("policy", "check", "own.toml")


def test_policy_check_names_every_problem(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('colour = 1\n[tiers.1]\nresolve_within = "soon"')
    said = refusal(PolicyError, "policy", "check", "own.toml")
    assert "own.toml:" in said
    assert "colour: unknown key" in said
    assert "tiers.1.resolve_within: expected a duration" in said


def test_policy_check_compares_with_the_models_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"severity": ("P1", "urgent"), "issue_type": ("bug", "vpn")}
    heads = tuple(
        h.model_copy(update={"labels": own.get(h.name, h.labels)}) for h in MANIFEST.heads
    )
    manifest = MANIFEST.model_copy(update={"heads": heads})
    monkeypatch.setattr(
        "tierline.serving.commands.shared.load_predictor", lambda *_: predictor(manifest=manifest)
    )
    (tmp_path / "own.toml").touch()
    said = refusal(PolicyError, "policy", "check", "own.toml", "--model", "any")
    assert "issue types that no tier owns: vpn" in said
    assert "severities without a level: urgent" in said
    for command in (["score", "in.csv", "--out", "out.csv"], ["route", CALM]):
        (tmp_path / "in.csv").write_text(f"body\n{CALM}\n")
        assert refusal(PolicyError, *command, "--model", "any") == said
    assert not (tmp_path / "out.csv").exists()
    (tmp_path / "own.toml").write_text('[severity_names]\nurgent="P1"\n[tiers.2]\nowns=["vpn"]')
    assert "note" not in output("policy", "check", "own.toml", "--model", "any")
    assert "Tier" in output("route", CALM, "--model", "any", "--policy", "own.toml")


def test_a_sentiment_that_no_rule_asks_about_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = tuple(
        h.model_copy(update={"labels": ("grim", "negative")}) if h.name == "sentiment" else h
        for h in MANIFEST.heads
    )
    manifest = MANIFEST.model_copy(update={"heads": heads})
    monkeypatch.setattr(
        "tierline.serving.commands.shared.load_predictor", lambda *_: predictor(manifest=manifest)
    )
    (tmp_path / "own.toml").touch()
    said = output("policy", "check", "own.toml", "--model", "any")
    assert "note: no rule asks about sentiment grim: it changes no answer" in said


def test_sample_for_labelling(backlog: Path) -> None:
    said = output("sample-for-labelling", str(backlog), "--out", "s.jsonl", "--share", "1")
    assert [row["id"] for row in answers("s.jsonl")] == ["a", "b"]
    assert "2 of 2 tickets drawn: s.jsonl" in said
    assert "1 rows quarantined, with reasons: s.jsonl.quarantine.jsonl" in said
    assert "customer data" not in said
    said = output("sample-for-labelling", str(backlog), "--out", "s.jsonl", "--count", "1")
    assert "1 of 2 tickets drawn" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--share", "0.1", "--count", "3"], "found both: leave one out"),
        (["--by", "mood"], "--by: expected fields of channel, customer_tier, industry; found mood"),
    ],
)
def test_sample_for_labelling_refuses(backlog: Path, options: list[str], said: str) -> None:
    arguments = ("sample-for-labelling", str(backlog), "--out", "s.csv", *options)
    assert said in refusal(InputError, *arguments)
    assert not Path("s.csv").exists()


def test_score_by_rules_only(backlog: Path) -> None:
    said = output("score", str(backlog), "--out", "out.jsonl", "--rules-only")
    assert [(row["id"], row["tier"]) for row in answers("out.jsonl")] == [("a", 1), ("b", 3)]
    assert "2 tickets answered" in said
    assert "2 answered by rules only" in said
    assert "1 rows quarantined, with reasons: out.jsonl.quarantine.jsonl" in said
    assert "safety.data_loss" in said
    assert "customer data" not in said
    assert "--map" not in said


@pytest.mark.parametrize("command", ["score", "queue", "sample-for-labelling"])
def test_a_path_is_printed_as_it_is(backlog: Path, command: str) -> None:
    out = "out[x]/q[/b].jsonl"
    Path(out).parent.mkdir(parents=True)
    options = ["--share", "1"] if command == "sample-for-labelling" else ["--rules-only"]
    said = output(command, str(backlog), "--out", out, *options)
    assert "".join(said.split()).count(out) == 2
    assert f"1 rows quarantined, with reasons: {out}.quarantine.jsonl" in said


def test_score_of_a_file_whose_columns_mean_something_else(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("body,customer_tier,created_at\nnothing prints,gold,yesterday\n")
    command = ("score", str(file), "--out", str(tmp_path / "out.jsonl"), "--rules-only")
    assert "holds something else stays unread with --map FIELD=" in refusal(InputError, *command)
    said = output(*command, "--map", "customer_tier=,created_at=")
    assert "1 tickets answered" in said
    assert "quarantined" not in said


@pytest.mark.parametrize("name", ["severity", "issue_type", "sentiment", "industry", "split"])
@pytest.mark.parametrize("label", [{"a": 1}, ["x"], "x" * 300])
def test_labels_that_no_answer_needs_cost_no_row_its_answer(
    tmp_path: Path, name: str, label: object
) -> None:
    rows = [{"id": "a", "body": CALM, "prio": label}, {"id": "b", "body": LOSS, name: label}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    score = ("score", "in.jsonl", "--out", "out.jsonl", "--rules-only")
    for more in ((), ("--map", f"{name}=prio")):
        assert "quarantined" not in output(*score, *more)
        assert [row["tier"] for row in answers("out.jsonl")] == [1, 3]
    assert "left out" not in output("route", "in.jsonl", "--rules-only")
    queue = ("queue", "in.jsonl", "--out", "q.jsonl", "--rules-only", "--order-only")
    assert "quarantined" not in output(*queue)


def test_score_of_a_backlog_without_a_usable_row_is_refused(tmp_path: Path) -> None:
    """The exit code says so: nobody would read the summary of a nightly job."""
    file = tmp_path / "in.csv"
    file.write_text(f"body,attempts\n{LOSS},many\n{CALM},some\n")
    command = ("score", str(file), "--out", "out.jsonl", "--rules-only")
    said = refusal(InputError, *command)
    assert "expected a row that can be used; found none among 2" in said
    assert "the reasons are in out.jsonl.quarantine.jsonl" in said
    assert "1 of them say what a safety rule fires on" in runner.invoke(app, command).output
    file.write_text(f"body,attempts\n{CALM},many\n{CALM},1\n")
    output(*command)
    file.write_text("body,attempts\n")
    output(*command)


def test_score_with_a_model_a_map_and_a_clock(
    backlog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def load(model: str, _: Device) -> Predictor:
        asked.append(model)
        return predictor()

    monkeypatch.setattr("tierline.serving.commands.shared.load_predictor", load)
    said = output("score", str(backlog), "--out", "out.jsonl", "--model", "here",
                  "--map", "created_at=filed", "--now", "2025-03-10T12:00")  # fmt: skip
    assert asked == ["here"]
    assert "rules only" not in said
    first = answers("out.jsonl")[0]
    assert (first["mode"], first["respond_by"]) == ("full", "2025-03-10T19:00:00Z")


def test_a_second_map_adds_to_the_first(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"description,title\n{LOSS},{CALM}\n")
    maps = ("--map", "body=description", "--map", "subject=title")
    output("score", "in.csv", "--out", "out.jsonl", "--rules-only", *maps)
    output("queue", "in.csv", "--out", "q.jsonl", "--rules-only", "--order-only", *maps)
    output("handoff", "in.csv", "--rules-only", *maps)
    assert [row["tier"] for row in answers("out.jsonl")] == [3]


def test_score_follows_a_policy_file(backlog: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[fallback]\ntier = 2")
    output("score", str(backlog), "--out", "out.jsonl", "--rules-only", "--policy", "own.toml")
    assert [row["tier"] for row in answers("out.jsonl")] == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in.csv", "--out", "out.xlsx"], "--out: expected a file ending in"),
        (["in.csv", "--out", "in.csv"], "another file than the tickets"),
        (["none.csv", "--out", "out.csv"], "expected a file of tickets; found none"),
        (["in.csv", "--out", "out.csv", "--map", "words=x"], "--map: expected FIELD=COLUMN"),
        (["in.csv", "--out", "out.csv", "--map", "body=x"], "--map names columns that the file"),
        (["in.csv", "--out", "out.csv", "--now", "noon"], "--now: expected an ISO 8601 time"),
    ],
)
def test_score_refuses(backlog: Path, arguments: list[str], said: str) -> None:
    before = backlog.read_bytes()
    assert said in refusal(InputError, "score", *arguments, "--rules-only")
    assert backlog.read_bytes() == before
    assert not Path("out.csv").exists()


def test_a_model_that_would_go_unused_is_refused(backlog: Path) -> None:
    for command in (["score", str(backlog), "--out", "out.csv"], ["route", CALM], ["serve"]):
        said = refusal(InputError, *command, "--rules-only", "--model", "out/mine")
        assert "expected --model or --rules-only; found both: out/mine would go unused" in said
    assert not Path("out.csv").exists()


def test_without_any_model_it_says_how_to_get_one(backlog: Path) -> None:
    for command in (["score", str(backlog), "--out", "out.csv"], ["route", CALM]):
        said = refusal(ModelNotFoundError, *command)
        assert "found no store at sqlite:///mlflow.db" in said
        assert "tierline train" in said
        assert "--rules-only" in said
        assert "found no such folder" in refusal(ModelNotFoundError, *command, "--model", "none")
    assert not Path("mlflow.db").exists()


def test_route_says_where_and_why() -> None:
    said = output("route", BREACH, "--rules-only")
    for part in (
        "Tier 3  senior engineers (senior-engineers)",
        BREACH,
        "path 3 → 4",
        "safety.security_breach",
        "tell on_call",
        "a person should look: degraded",
        "rules_only, model none, policy default-",
    ):
        assert part in said


def test_route_shows_the_models_labels_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said_by = predictor(lambda t: explained(t.body, "curtains", "security_breach"))
    monkeypatch.setattr("tierline.serving.commands.shared.load_predictor", lambda *_: said_by)
    said = output("route", "Purple curtains [bold]since[/] Monday", "--subject", "Room [/2]")
    assert "Room [/2]" in said
    assert "curtains [bold]since[/] Monday" in said
    assert "issue_type security_breach  (90%)" in said
    assert "“curtains”  safety.model.security_breach" in said


def test_route_shows_both_of_two_close_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = prediction("P3", "how_to", thresholds={"ambiguous": 0.1})
    types = {"how_to": 0.48, "outage": 0.44, "access": 0.08}
    moods = {"neutral": 0.51, "negative [/x]": 0.49}
    heads = {
        **bare.heads,
        "issue_type": HeadPrediction("how_to", 0.48, types),
        "sentiment": HeadPrediction("neutral", 0.51, moods),
    }
    said_by = predictor(lambda _: replace(bare, heads=heads))
    monkeypatch.setattr("tierline.serving.commands.shared.load_predictor", lambda *_: said_by)
    said = output("route", CALM)
    assert "a person should look: ambiguous" in said
    assert "issue_type may as well be outage  (44%), then tier 3\n" in said
    assert "sentiment  may as well be negative [/x]  (49%)\n" in said


def test_route_takes_the_context() -> None:
    said = output("route", CALM, "--rules-only", "--customer-tier", "enterprise",
                  "--waited-minutes", "30", "--order-value", "1200",
                  "--channel", "social", "--attempts", "5")  # fmt: skip
    assert "Tier 2" in said
    assert "trigger.order_value" in said
    assert "ask again at" in said


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--waited-minutes", "1e9"], "waited_minutes: "),
        (["--order-value", "inf"], "order_value: "),
        (["--subject", "s" * 2001], "subject: "),
        (["--channel", "c" * 65], "channel: "),
    ],
)
def test_route_refuses_what_no_ticket_holds(arguments: list[str], field: str) -> None:
    said = refusal(InputError, "route", "zebrafish", "--rules-only", *arguments)
    assert said.startswith(field)
    assert "zebrafish" not in said
    assert len(said) < 200


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[object, str, str]]]:
    def call(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["tierline", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    yield call


def test_the_command_ends_with_one_message_and_code_1(
    shell: Callable[..., tuple[object, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "own[1].toml").write_text("[tiers.1]\ncolour = 1")
    code, out, err = shell("policy", "check", "own[1].toml")
    assert (code, out) == (1, "")
    assert err.startswith("error: own[1].toml:")
    assert "tiers.1.colour: unknown key" in err
    assert "Traceback" not in err


def test_the_command_ends_well(shell: Callable[..., tuple[object, str, str]]) -> None:
    assert shell("policy", "show")[0] == 0

"""The command ``tierline`` as people call it."""

import errno
import json
import logging
import os
import re
import sys
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.models.runtime import Bundle
from tierline.serving.commands import app
from tierline.training import cli
from tierline.training.pipeline import Trained
from tierline.training.recipe import Recipe


@pytest.fixture
def tierline(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> "Command":
    return Command(monkeypatch, capfd)


class Command:
    """Runs the command in process, through its entry point."""

    def __init__(self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.patch, self.captured = patch, captured

    def __call__(self, *args: object) -> tuple[int, str, str]:
        """Return the exit code, standard output and standard error."""
        self.patch.setattr(sys, "argv", ["tierline", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        out, err = self.captured.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    names = (
        "score sample-for-labelling route serve train evaluate benchmark drift promote retrain "
        "rollback policy"
    )
    for command in names.split():
        assert re.search(rf"\b{command}\b", shown)


def test_an_unusable_policy_is_refused_before_training(
    tierline: Command, own_store: Path, tickets: Path
) -> None:
    out = own_store / "bundle"
    code, _, err = tierline("train", tickets, "--out", out, "--policy", own_store / "no.toml")
    assert code == 1
    assert "no.toml" in err
    assert not out.exists()


def test_train_and_promote(
    tierline: Command,
    own_store: Path,
    tickets: Path,
    encoder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new = own_store / "new.jsonl"
    new.write_text('{"body": "a", "sentiment": "neutral"}\n{"body": "b", "sentiment": "new"}\n')
    measured = ["--evaluate-on", tickets, "--evaluate-on", new]
    options = ["--encoder", encoder, "--epochs", 1, "--seed", 4, *measured]
    code, out, err = tierline("train", tickets, "--out", own_store / "bundle[x]", *options)
    assert code == 0
    assert err == ""
    assert "112 train, 24 validation, 24 test" in out
    assert "epoch 1: loss" in out
    assert "tierline promote" in out
    assert "bundle[x]" in out
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []
    metrics = Bundle.load(own_store / "bundle[x]").manifest.metrics
    assert metrics.keys() == {"test", "tickets", "new"}
    assert "new: 1 rows carry a label of sentiment that the model doesn't have" in out
    assert "tickets: 1 rows" not in out
    assert "test: 1 rows" not in out
    assert metrics["tickets"]["severity"]["count"] == 160
    code, out, _ = tierline("promote")
    assert (code, out.strip()) == (0, "champion: version 1 of model 'tierline'")
    code, _, err = tierline("rollback")
    assert code == 1
    assert "nothing to go back to" in err


@pytest.mark.parametrize("names", [["a/test.jsonl"], ["a/x.jsonl", "b/x.csv"]])
def test_a_set_to_measure_can_not_take_anothers_place(
    tierline: Command, tmp_path: Path, tickets: Path, names: list[str]
) -> None:
    more = [option for name in names for option in ("--evaluate-on", tmp_path / name)]
    code, _, err = tierline("train", tickets, "--out", tmp_path / "bundle", *more)
    assert code == 1
    assert "--evaluate-on: expected files of different names" in err


@pytest.mark.parametrize("name", ["export (1)", "a&b", "x" * 151])
def test_a_set_whose_name_no_figure_can_have_is_refused_before_training(
    tierline: Command, tmp_path: Path, tickets: Path, name: str
) -> None:
    more = ("--evaluate-on", tmp_path / f"{name}.csv")
    code, _, err = tierline("train", tickets, "--out", tmp_path / "bundle", *more)
    assert code == 1
    assert "--evaluate-on: expected files named in" in err


def test_a_set_without_any_known_label_is_refused_before_training(
    tierline: Command, tmp_path: Path, tickets: Path
) -> None:
    (tmp_path / "odd.jsonl").write_text('{"body": "a", "severity": "urgent"}\n')
    more = ("--evaluate-on", tmp_path / "odd.jsonl", "--encoder", tmp_path / "none")
    code, out, err = tierline("train", tickets, "--out", tmp_path / "bundle", *more)
    assert code == 1
    assert "odd: expected labels that the training part has, of severity, issue_type, sent" in err
    assert out == ""


def test_evaluate_prints_json_or_a_table(
    tierline: Command, store: None, trained: Trained, tickets: Path
) -> None:
    code, out, err = tierline("evaluate", trained.out, tickets, "--json")
    report = json.loads(out)
    assert (code, err, report["name"], report["count"]) == (0, "", "tickets", 160)
    assert report["model"]["severity"]["macro_f1"]["value"] > 0.8
    code, out, _ = tierline("evaluate", trained.out, tickets)
    assert code == 0
    assert "macro-F1" in out


def test_evaluate_tells_of_unknown_labels_and_bad_rows(
    tierline: Command, own_store: Path, trained: Trained
) -> None:
    rows = [
        {"body": "please advise", "severity": "P4"},
        {"body": "please advise", "severity": "urgent"},
        {"body": "", "severity": "P1"},
    ]
    (own_store / "few.jsonl").write_text("\n".join(map(json.dumps, rows)))
    code, out, err = tierline("evaluate", trained.out, own_store / "few.jsonl", "--json")
    assert code == 0
    assert json.loads(out)["unknown_labels"]["severity"] == 1
    assert "1 rows carry a label of severity that the model doesn't have" in err
    assert "1 rows quarantined" in err
    assert "please" not in (own_store / "few.jsonl.quarantine.jsonl").read_text()


@pytest.mark.parametrize("html", [None, "pages[x]/r.html"])
def test_bad_rows_are_told_of_beside_the_page_or_the_file(
    tierline: Command, own_store: Path, trained: Trained, html: str | None
) -> None:
    for name in ("labelled[x]", "pages[x]"):
        (own_store / name).mkdir()
    other = own_store / "few[x].jsonl.quarantine.jsonl"
    other.write_text("of another command")
    file = own_store / "labelled[x]" / "few[x].jsonl"
    rows = [{"body": "please advise", "severity": "P4"}, {"body": "", "severity": "P1"}]
    file.write_text("\n".join(map(json.dumps, rows)))
    code, out, err = tierline("evaluate", trained.out, file, *(["--html", html] if html else []))
    assert code == 0
    assert f"1 rows quarantined, with reasons: {html or file}.quarantine.jsonl" in err
    assert (f"report: {html}" in out) == (html is not None)
    assert "few[x]: answer automatically" in out
    assert '"row": 2' in Path(f"{html or file}.quarantine.jsonl").read_text()
    assert other.read_text() == "of another command"


@pytest.mark.parametrize("library", ["torch", "sklearn", "mlflow", "cleanlab"])
def test_a_missing_extra_is_named_with_its_install_command(
    tierline: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    code, out, err = tierline("train", tmp_path / "x.csv", "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert f"({library} missing)" in err
    assert "pip install 'tierline[train]'" in err


def test_errors_are_one_message_and_exit_code_1(
    tierline: Command, own_store: Path, recipe: Recipe
) -> None:
    (own_store / "one.csv").write_text("body,severity,split\na,P1,train\nb,P1,validation\n")
    for arguments, message in {
        ("train", "absent.csv", "--out", "b"): r"absent\.csv",
        ("train", "one.csv", "--out", "b", "--map", "colour=x"): "--map: expected FIELD=COLUMN",
        ("train", "one.csv", "--out", "b"): "severity: expected at least two labels",
        ("train", "one.csv", "--out", "b", "--encoder", "nowhere/"): "severity",
        ("evaluate", "absent", "one.csv"): r"expected a model bundle.*tierline train",
        ("promote",): "found none in the store",
        ("rollback",): "expected a champion to go back from",
        ("retrain", "--data", "absent.csv"): r"absent\.csv",
        ("retrain", "--data", "one.csv", "--since", "May"): "--since: expected an ISO 8601",
    }.items():
        code, _, err = tierline(*arguments)
        assert code == 1
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        assert re.search(message, err)
    assert not (own_store / "b").exists()


def test_an_unusable_encoder_is_named(tierline: Command, own_store: Path, tickets: Path) -> None:
    (own_store / "empty").mkdir()
    code, _, err = tierline("train", tickets, "--out", "b", "--encoder", own_store / "empty")
    assert code == 1
    assert "error: --encoder: expected a hub id or a folder" in err
    assert not (own_store / "b").exists()


def test_drift_answers_by_its_exit_code(tierline: Command, tmp_path: Path) -> None:
    """0 for the same tickets, 20 for others, 1 where a file can't be judged."""
    words = {"was.csv": "the printer jams", "now.csv": "the tunnel is down", "few.csv": ""}
    for name, said in words.items():
        lines = [f"{n} {said if n % 5 else 'the printer jams'}" for n in range(150)]
        lines = lines if said else ["please advise"]
        (tmp_path / name).write_text("\n".join(["description", *lines, ""]))
    was, now, few = (tmp_path / name for name in words)
    options = ["--model", "none", "--map", "body=description"]
    assert tierline("drift", was, was, *options)[0] == 0
    code, out, _ = tierline("drift", was, now, *options)
    assert code == 20
    assert "DRIFT: now.csv against was.csv" in out
    code, _, err = tierline("drift", was, few, *options)
    assert code == 1
    assert err.startswith("error: expected at least 100 different tickets in few.csv; found 1 in 1")
    assert tierline("drift", was, now, *options, "--min-auc", 1)[0] == 0
    assert tierline("drift", was, now, "--alpha", 2, *options)[0] == 2


def test_evaluate_writes_the_page_and_compares(
    tierline: Command, own_store: Path, trained: Trained, tickets: Path
) -> None:
    (own_store / "costs.toml").write_text("[severity.P1]\nP4 = 90\n")
    options = ["--html", "r.html", "--costs", "costs.toml", "--against", trained.out]
    code, out, err = tierline("evaluate", trained.out, tickets, *options)
    assert code == 0
    assert "report: r.html and r.json" in out
    for words in ("answer automatically", "macro-F1", "cost of mistakes", "no clear"):
        assert words in out
    assert "leak warning: the bundle was trained from this very file, and 136 of its 160" in err
    assert "one word gives a label away, see the report" in err
    data = json.loads((own_store / "r.json").read_text())
    assert data["costs"][0]["matrix"][0] == [0, 5, 10, 90]
    (own_store / "costs.toml").write_text("[severity.P7]\nP4 = 90\n")
    code, out, err = tierline("evaluate", trained.out, tickets, *options)
    assert (code, out) == (1, "")
    assert "severity.P7: unknown key; expected P1, P2, P3, P4" in err


def test_evaluate_reads_old_labels_by_the_labels_file(
    tierline: Command, own_store: Path, trained: Trained
) -> None:
    rows = [{"body": "please advise", "severity": "P4"}, {"body": "x", "severity": "low"}]
    waiting = {"body": "x", "severity": None, "origin": "blind_sample"}
    (own_store / "few.jsonl").write_text("\n".join(map(json.dumps, [*rows, waiting])))
    (own_store / "labels.toml").write_text("[severity.P4]\nrenamed_from = ['low']\n")
    options = ["--labels", "labels.toml", "--json"]
    code, out, err = tierline("evaluate", trained.out, own_store / "few.jsonl", *options)
    assert code == 0
    assert json.loads(out)["unknown_labels"]["severity"] == 0
    assert "labels: severity low read as P4 in 1 rows" in err
    assert "1 rows of a blind sample are not labelled yet: skipped" in err
    assert "quarantined" not in err


@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_a_store_that_is_away_is_asked_once_more_unless_told_otherwise(
    tierline: Command, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "3"
    os.environ.pop("MLFLOW_HTTP_REQUEST_MAX_RETRIES", None)
    asked: list[str | None] = []

    def away(*_: object) -> None:
        names = ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT")
        asked.extend(os.environ.get(name) for name in names)
        raise InputError("the store is away")

    monkeypatch.setattr(f"tierline.training.retraining.registry.{command}", away)
    assert tierline(command)[0] == 1
    assert asked == ["1", "3"]


@pytest.mark.parametrize("command", ["promote", "rollback", "train"])
def test_a_store_that_is_away_is_one_message(
    tierline: Command, monkeypatch: pytest.MonkeyPatch, tickets: Path, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    more = (tickets, "--out", tmp_path / "bundle") if command == "train" else ()
    code, _, err = tierline(command, *more)
    assert code == 1
    assert err.startswith("error: expected the work done by MLflow's store http://127.0.0.1:9; it")
    assert err.count("\n") == 1
    assert "MLFLOW_TRACKING_URI" in err
    assert "secret" not in err


@pytest.mark.parametrize("kind", [MlflowException, OSError])
def test_a_store_that_takes_no_figure_costs_no_training(
    tierline: Command,
    monkeypatch: pytest.MonkeyPatch,
    own_store: Path,
    tickets: Path,
    encoder: Path,
    kind: type[Exception],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise kind("No space left on device")

    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr("mlflow.log_metrics", refuse)
    options = ["--encoder", encoder, "--epochs", 2, "--seed", 4]
    code, said, err = tierline("train", tickets, "--out", own_store / "bundle", *options)
    assert (code, err) == (0, "")
    assert said.count("it answered: No space left on device") == 3  # two epochs, the test part
    assert "version 1 of model 'tierline'" in said


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (
            MlflowException("API request to http://me:secret@host/x failed"),
            "it answered: API request to http://host/x failed",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "mlruns/model.onnx"),
            "the system answered: mlruns/model.onnx: No space left on device. Make room",
        ),
        (
            OSError("POST http://me:secret@host/x: no route"),
            "the system answered: POST http://host/x: no route. Make room",
        ),
        (TimeoutError(), "the system answered: TimeoutError. Make room"),
    ],
)
def test_a_store_that_goes_away_leaves_the_bundle(
    tierline: Command,
    monkeypatch: pytest.MonkeyPatch,
    own_store: Path,
    tickets: Path,
    encoder: Path,
    why: Exception,
    told: str,
) -> None:
    def away(*_: object, **__: object) -> None:
        raise why

    monkeypatch.setattr("mlflow.pyfunc.log_model", away)
    out = own_store / "bundle"
    options = ["--encoder", encoder, "--epochs", 1, "--seed", 4]
    code, said, err = tierline("train", tickets, "--out", out, *options)
    assert code == 1
    assert "secret" not in said + err
    assert f"bundle: {out}" in said
    assert told in err
    assert err.count("\n") == 1
    assert Bundle.load(out).manifest.metrics.keys() == {"test"}

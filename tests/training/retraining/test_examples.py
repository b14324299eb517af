"""The examples parse, and call the command with options that it has."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from tierline.serving.commands import app
from tierline.training.commands import learn
from tierline.training.retraining.outcome import NOT_PROMOTED

EXAMPLES = Path(__file__).parents[3] / "training" / "examples"


def cron() -> str:
    lines = (EXAMPLES / "crontab").read_text().splitlines()
    return next(line for line in lines if "tierline retrain" in line)


def container() -> dict[str, list[str]]:
    job = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text())
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    found: dict[str, list[str]] = pod["containers"][0]
    assert {m["name"] for m in pod["containers"][0]["volumeMounts"]} == {
        v["name"] for v in pod["volumes"]
    }
    return found


def operator() -> dict[str, ast.expr]:
    source = (EXAMPLES / "airflow_dag.py").read_text()
    compile(source, "airflow_dag.py", "exec")
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    (call,) = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "BashOperator"]
    return {k.arg: k.value for k in call.keywords if k.arg}


def commands() -> dict[str, str]:
    return {
        "crontab": cron(),
        "cronjob.yaml": container()["args"][0],
        "airflow_dag.py": str(ast.literal_eval(operator()["bash_command"])),
    }


@pytest.mark.parametrize("example", ["crontab", "cronjob.yaml", "airflow_dag.py"])
def test_every_option_exists(example: str) -> None:
    command = re.split(r"[|>;]", commands()[example].partition("tierline retrain")[2])[0]
    arguments = shlex.split(command)
    assert "--data" in arguments
    assert learn.retrain in {c.callback for c in app.registered_commands}
    retrain = typer.main.get_command(app).commands["retrain"]  # type: ignore[attr-defined]
    parsed = retrain.make_context("retrain", arguments)
    assert parsed.params["feedback"]
    with pytest.raises(Exception, match="No such option"):
        retrain.make_context("retrain", [*arguments, "--no-such-option"])


def test_not_promoted_is_no_failure() -> None:
    for name in ("crontab", "cronjob.yaml"):
        assert f"|| [ $? -eq {NOT_PROMOTED} ]" in commands()[name]
    assert ast.literal_eval(operator()["skip_on_exit_code"]) == NOT_PROMOTED

"""The retraining job as a whole: repeated, interrupted, doubled, overtaken, rolled back."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from filelock import FileLock
from rich.console import Console

from tierline.data.errors import InputError, LaunchError, TierlineError
from tierline.data.helpdesk import Format
from tierline.serving.commands.shared import pairs_of
from tierline.serving.model_source import REGISTERED_NAME
from tierline.serving.policy import load_policy
from tierline.training import cli
from tierline.training.retraining import registry
from tierline.training.retraining.assembly import Sources
from tierline.training.retraining.job import RetrainJob, retrain
from tierline.training.retraining.outcome import Outcome

from .conftest import GATE, JOB, World, policy_file

#: Every step after reading, in order; the last one moves the champion.
STEPS = (
    f"{JOB}.learn",
    f"{JOB}.hold",
    f"{JOB}.tracking.register",
    f"{JOB}.put_in_place",
    f"{JOB}.registry.call_challenger",
    f"{JOB}.judge",
    f"{JOB}.write_contest",
    f"{JOB}.record",
    "mlflow.log_dict",
    "tierline.training.retraining.conclude.registry.promote",
)


class CutOffError(BaseException):
    """What a killed job looks like from within."""


def cut_off(*_: Any, **__: Any) -> None:
    raise CutOffError


def no_training(*_: Any, **__: Any) -> None:
    raise AssertionError("trained again")


def test_wherever_it_is_interrupted_the_champion_stays_and_it_runs_again(world: World) -> None:
    for step in STEPS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(step, cut_off)
            with pytest.raises(CutOffError):
                world.retrain()
        assert registry.champion() == "1", step
        assert not list(world.job.out.glob(".tierline-*"))
    # The last one was judged to the end: what is left is to move the champion.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{JOB}.learn", no_training)
        outcome = world.retrain()
    assert outcome.exit_code == 0
    assert registry.champion() == outcome.version
    assert world.trainings == len(STEPS) - 1


def test_a_job_that_was_killed_leaves_nothing_that_blocks(world: World) -> None:
    (world.job.out / ".tierline-killed").mkdir(parents=True)
    (world.job.out / "retrain.lock").write_text("12345")
    assert world.retrain().promoted
    assert not (world.job.out / ".tierline-killed").exists()


def test_two_jobs_never_run_at_once(world: World) -> None:
    world.job.out.mkdir()
    with FileLock(world.job.out / "retrain.lock"), pytest.raises(TierlineError, match="one is run"):
        world.retrain()
    assert world.trainings == 0


def test_the_same_inputs_are_judged_once(world: World) -> None:
    first = world.retrain()
    assert (world.retrain(), world.trainings) == (first, 1)
    assert "these inputs were judged already: version 2" in world.said.getvalue()
    assert_recorded(first)
    other = replace(world.job.recipe, seed=99)
    assert world.retrain(recipe=other).version == "3"
    # Back to what was judged against version 1, which is no longer the champion: judged anew.
    assert world.retrain().version == "4"
    assert world.trainings == 3


def assert_recorded(outcome: Outcome) -> None:
    """Every verdict is a tag of the version and an artefact of the run behind it."""
    version = registry.client().get_model_version(REGISTERED_NAME, outcome.version)
    for verdict in outcome.verdicts:
        assert version.tags[f"gate.{verdict.name}"] == f"passed: {verdict.words}"
    assert version.tags["gate.outcome"] == "promoted"
    logged = mlflow.artifacts.load_dict(f"runs:/{version.run_id}/gate.json")
    assert logged == outcome.as_json()
    found = {a.path for a in registry.client().list_artifacts(version.run_id)}
    assert found >= {"report.html", "report.json", "gate.json"}
    aliases = registry.client().get_registered_model(REGISTERED_NAME).aliases
    assert {name: str(v) for name, v in aliases.items()} == {"champion": "2", "challenger": "2"}


def test_a_rolled_back_version_is_not_promoted_again_by_itself(world: World) -> None:
    assert world.retrain().version == "2"
    assert registry.rollback().after == "1"
    outcome = world.retrain()
    assert (outcome.exit_code, outcome.version, world.trainings) == (10, "2", 1)
    assert [v.name for v in outcome.verdicts if not v.passed] == ["not_rolled_back"]
    assert registry.champion() == "1"
    registry.promote("2")
    assert world.retrain().exit_code == 0
    registry.rollback()
    registry.promote("2")
    assert world.retrain().exit_code == 0


def test_a_champion_that_a_person_set_again_is_not_overruled(world: World) -> None:
    assert world.retrain().version == "2"
    registry.promote("1")
    outcome = world.retrain()
    assert (outcome.exit_code, outcome.version, world.trainings) == (10, "2", 1)
    assert [v.name for v in outcome.verdicts if not v.passed] == ["not_rolled_back"]
    assert registry.champion() == "1"


def test_not_promoted_is_exit_code_10_with_the_reasons(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    strict = policy_file(world.folder, GATE.replace("= 10\n", "= 30\n", 1))
    data = world.job.sources.data[0]
    arguments = ["--data", data, "--policy", strict, "--out", world.job.out]
    for trainings in (1, 1):
        monkeypatch.setattr(sys, "argv", ["tierline", "retrain", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 10
        assert world.trainings == trainings
        said = capfd.readouterr().out
        assert "✗ enough_tickets: 24 held-out tickets to compare" in said
        assert "30 are asked for" in said
    assert registry.champion() == "1"


def test_a_champion_moved_meanwhile_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tierline.training.retraining import record

    def overtaken(*given: Any) -> None:
        record.record(*given)
        run = registry.client().get_model_version(REGISTERED_NAME, "1").run_id
        registry.promote(world.register(world.bundle, run))

    monkeypatch.setattr(f"{JOB}.record", overtaken)
    with pytest.raises(TierlineError, match="expected version 1 to be the champion still; found"):
        world.retrain()
    assert registry.champion() == "3"


def test_it_is_not_shared_between_processes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(LaunchError, match="process 1 of 2"):
        world.retrain()


def test_a_missing_file_is_named_before_anything_is_made(world: World) -> None:
    with pytest.raises(InputError, match=r"found none at .*absent\.jsonl"):
        world.retrain(sources=Sources([world.folder / "absent.jsonl"]))
    (world.job.out / "challenger").mkdir()
    (world.job.out / "challenger" / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="challenger holds something else"):
        world.retrain()


def test_feedback_counts_once_and_its_kinds_are_told_apart(world: World) -> None:
    given = [
        {"id": "t1", "severity": "P1", "model_severity": "P1", "origin": "human"},
        {"id": "t2", "severity": "P1", "model_severity": "P2", "origin": "blind_sample"},
        {"id": "nobody", "severity": "P1", "origin": "human"},
    ]
    path: Path = world.folder / "feedback.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in given))
    outcome = world.retrain(sources=Sources(world.job.sources.data, [path]))
    said = world.said.getvalue()
    assert "3 with 3 labels; 1 only repeat what the model said and are not learnt from" in said
    assert "1 corrections that name no known ticket left out" in said
    assert "severity: right in the blind sample 0/1" in said
    assert "left by people who saw the answer 1/1" in said
    assert outcome.agreement["severity"].blind == (0, 1)


def test_a_help_desks_export_is_read_as_training_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text('{"tickets": []}')

    def job(desk: str) -> RetrainJob:
        mapping = pairs_of("severity=custom.sev", Format(desk))
        return RetrainJob(Sources([file], mapping=mapping), tmp_path / "out")

    with pytest.raises(InputError, match="expected labelled tickets; found no usable row"):
        retrain(job("zendesk"), Console(quiet=True))
    digests = {job(desk).digest(load_policy()) for desk in ("zendesk", "jira")}
    assert len(digests) == 2

"""Real trainings before the gate: a good challenger passes, sabotaged ones are named."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import pytest
from rich.console import Console
from typer.testing import CliRunner

from tierline.data.corpus import Corpus
from tierline.data.ticket import Ticket
from tierline.models.runtime import Bundle, Predictor
from tierline.serving.model_source import load_predictor
from tierline.training import cli, tracking
from tierline.training.bundling import write_manifest
from tierline.training.evaluate import Evaluation, evaluate
from tierline.training.ledger import LEDGER, write_ledger
from tierline.training.pipeline import Trained
from tierline.training.recipe import Recipe
from tierline.training.retraining import registry
from tierline.training.retraining.assembly import Sources
from tierline.training.retraining.job import RetrainJob, retrain
from tierline.training.retraining.outcome import Outcome

from .conftest import CASES, GATE, JOB, policy_file, suite_file

INCIDENTS = {"data_loss", "security_breach"}
HEADS = ("severity", "issue_type", "sentiment")


def shuffled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tickets, each under the labels of another."""
    labels = [{head: row[head] for head in HEADS} for row in rows]
    random.Random(1).shuffle(labels)  # noqa: S311
    return [row | given for row, given in zip(rows, labels, strict=True)]


def without_incidents(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tickets with every incident called a bug."""
    return [row | ({"issue_type": "bug"} if row["issue_type"] in INCIDENTS else {}) for row in rows]


def always_calm(bundle: Path) -> None:
    """Have a bundle's fast stage answer everything, and call it a bug that can wait."""
    manifest = Bundle.load(bundle).manifest
    assert manifest.fast is not None
    labels = [(head.name, label) for head in manifest.heads for label in head.labels]
    calm = {("issue_type", "bug"), ("severity", "P4")}
    bias = tuple(50.0 * (column in calm) for column in labels)
    stage = manifest.fast.model_copy(update={"bias": bias, "confidence": 0.0, "watched": ()})
    write_manifest(bundle, manifest.model_copy(update={"fast": stage}))


def answered_by_ngrams(bundle: Path) -> list[str]:
    """Return the safety suite's cases that a bundle's fast stage answers."""
    predictor = Predictor.load(bundle)
    found = predictor.predict([Ticket(body=body) for body in CASES.values()])
    predictor.close()
    return [name for name, one in zip(CASES, found, strict=True) if one.stage == "ngrams"]


class Shop:
    """A folder in which retrainings really train; version 1 is the champion at first."""

    def __init__(self, folder: Path, recipe: Recipe, tickets: Path) -> None:
        self.folder, self.recipe = folder, recipe
        self.rows = [json.loads(line) for line in tickets.read_text().splitlines()]
        self.policy = policy_file(folder, GATE)

    def write(self, name: str, rows: list[dict[str, Any]]) -> Path:
        path = self.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def retrain(
        self,
        name: str,
        rows: list[dict[str, Any]],
        epochs: int,
        fast_risk: float | None = None,
        **more: Any,
    ) -> Outcome:
        data = self.write(name, rows)
        recipe = replace(self.recipe, epochs=epochs, alpha=0.1, fast_risk=fast_risk)
        job = RetrainJob(Sources([data], **more), self.folder / name, recipe, self.policy)
        return retrain(job, Console(file=StringIO()))


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    empty_store: Path,
    trained: Trained,
    corpus: Corpus,
    recipe: Recipe,
    tickets: Path,
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        shutil.copy(empty_store, folder / "mlflow.db")
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        patch.setattr("tierline.training.retraining.safety_cases.BUILT_IN", suite_file(folder))
        shutil.copytree(trained.out, folder / "bundle")
        with tracking.training_run("before"):
            mlflow.log_text(write_ledger(corpus.parts), LEDGER)
            registry.promote(tracking.register(folder / "bundle"))
        patch.setattr("tierline.training.metrics.RESAMPLES", 100)
        yield Shop(folder, recipe, tickets)


@pytest.fixture(scope="module")
def fast(shop: Shop) -> Outcome:
    """What came of a challenger whose n-grams answer alone where they are sure."""
    return shop.retrain("fast", shop.rows, 14, fast_risk=0.1)


def failed(outcome: Outcome) -> set[str]:
    return {v.name for v in outcome.verdicts if not v.passed}


def test_a_good_challenger_is_promoted(shop: Shop) -> None:
    wrong = [dict(row) for row in shop.rows]
    right = {"id": "t1", "severity": wrong[1]["severity"], "origin": "blind_sample"}
    feedback = shop.write("feedback", [right])
    wrong[1]["severity"] = "P4" if wrong[1]["severity"] != "P4" else "P1"
    before = registry.champion()
    outcome = shop.retrain("good", wrong, 14, feedback=[feedback])
    assert (failed(outcome), outcome.exit_code, outcome.champion) == (set(), 0, before)
    assert registry.champion() == outcome.version
    champion = load_predictor("models:/tierline@champion")
    champion.close()
    assert champion.version == Bundle.load(shop.folder / "good" / "challenger").manifest.version
    page = (shop.folder / "good" / "report.html").read_text()
    assert "non_inferior.severity" in page
    assert 'id="against"' in page
    data = json.loads((shop.folder / "good" / "gate.json").read_text())
    assert data["promoted"] is True


def test_shuffled_labels_are_not_promoted(shop: Shop) -> None:
    before = registry.champion()
    outcome = shop.retrain("shuffled", shuffled(shop.rows), 2)
    assert outcome.exit_code == 10
    assert failed(outcome) >= {f"non_inferior.{head}" for head in HEADS} | {"cost", "same_labels"}
    assert registry.champion() == before


def test_a_challenger_that_unlearnt_incidents_is_not_promoted(shop: Shop) -> None:
    before = registry.champion()
    outcome = shop.retrain("calm", without_incidents(shop.rows), 4)
    assert outcome.exit_code == 10
    assert failed(outcome) >= {"safety_suite", "label_set"}
    words = {v.name: v.words for v in outcome.verdicts}
    assert "issue_type data_loss, issue_type security_breach" in words["label_set"]
    assert registry.champion() == before


@pytest.mark.parametrize(("asked", "risk"), [([], None), (["--fast", "--fast-risk", "0.1"], 0.1)])
def test_the_command_asks_for_a_fast_stage(
    asked: list[str], risk: float | None, monkeypatch: pytest.MonkeyPatch, tickets: Path
) -> None:
    risks: list[float | None] = []

    def judged(job: RetrainJob, _: Console) -> Outcome:
        risks.append(job.recipe.fast_risk)
        return Outcome("1", None, (), (), {})

    monkeypatch.setattr(f"{JOB}.retrain", judged)
    result = CliRunner().invoke(cli.app, ["retrain", "--data", str(tickets), *asked])
    assert (result.exit_code, risks) == (0, [risk]), result.output


def test_a_fast_stage_is_measured_as_part_of_the_challenger(shop: Shop, fast: Outcome) -> None:
    manifest = Bundle.load(shop.folder / "fast" / "challenger").manifest
    assert manifest.fast is not None
    verdicts = {v.name: v for v in fast.verdicts}
    assert verdicts["safety_suite"].passed
    assert f"of {len(CASES)} incidents" in verdicts["safety_suite"].words
    report = json.loads((shop.folder / "fast" / "report.json").read_text())
    answered = report["stages"]["answered"]
    assert 0 < answered["hits"] < answered["count"] == report["count"]


def test_a_fast_stage_that_loses_an_incident_is_not_promoted(
    shop: Shop, fast: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder and the n-grams are those that passed; the stage alone calls everything calm."""

    def learn(lesson: Any, bundle: Path, *_: Any) -> tuple[Evaluation, ...]:
        shutil.copytree(shop.folder / "fast" / "challenger", bundle)
        always_calm(bundle)
        mlflow.log_text(write_ledger(lesson.corpus.parts), LEDGER)
        predictor = Predictor.load(bundle)
        found = evaluate("test", lesson.corpus.parts["test"], predictor)
        predictor.close()
        return (found,)

    before = registry.champion()
    monkeypatch.setattr(f"{JOB}.learn", learn)
    outcome = shop.retrain("blind", shop.rows, 14, fast_risk=0.2)
    assert outcome.exit_code == 10
    assert failed(outcome) >= {"safety_suite", "non_inferior.issue_type", "non_inferior.severity"}
    lost = answered_by_ngrams(shop.folder / "blind" / "challenger")
    assert "security_breach" in lost
    words = {v.name: v.words for v in outcome.verdicts}["safety_suite"]
    assert words.endswith(f"{len(lost)} are lost: {', '.join(lost)}")
    assert registry.champion() == before

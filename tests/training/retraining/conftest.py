"""A champion in a store of the test's own, and retrainings of it that skip what takes long."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import pytest
from rich.console import Console

from tierline.data.corpus import Corpus, load_corpus
from tierline.data.quarantine import Quarantine
from tierline.models.runtime import Predictor
from tierline.serving.model_source import REGISTERED_NAME
from tierline.training import tracking
from tierline.training.evaluate import Evaluation, evaluate
from tierline.training.ledger import LEDGER, write_ledger
from tierline.training.pipeline import Trained
from tierline.training.recipe import Recipe
from tierline.training.retraining import registry
from tierline.training.retraining.assembly import Sources
from tierline.training.retraining.job import RetrainJob, retrain
from tierline.training.retraining.outcome import Outcome

JOB = "tierline.training.retraining.job"
#: Incidents in the corpus's words that no rule sees and the model does.
CASES = {
    "data_loss": "Office Graz: all our files and the records. there is no hurry. please advise.",
    "security_breach": "Office Lyon: a stranger sees our customers. there is no hurry.",
}
GATE = """[gate]
least_tickets = 10
margin = 0.2
need_certificate = false
latency_ratio = 1000
memory_ratio = 10
"""


@pytest.fixture(scope="module")
def corpus(tickets: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with Quarantine(tmp_path_factory.mktemp("corpus") / "q.jsonl") as quarantine:
        return load_corpus([tickets], {}, quarantine, seed=1)


@pytest.fixture(scope="module")
def measured(trained: Trained, corpus: Corpus) -> Evaluation:
    predictor = Predictor.load(trained.out)
    found = evaluate("test", corpus.parts["test"], predictor)
    predictor.close()
    return found


class World:
    """A folder with a champion, version 1: the session's bundle under a version of its own."""

    def __init__(self, folder: Path, bundle: Path, corpus: Corpus, job: RetrainJob) -> None:
        self.folder, self.bundle, self.job = folder, bundle, job
        self.said = StringIO()
        self.trainings = 0
        with tracking.training_run("before") as run:
            mlflow.log_text(write_ledger(corpus.parts), LEDGER)
        registry.client().create_registered_model(REGISTERED_NAME)
        registry.promote(self.register(bundle, run))

    def register(self, bundle: Path, run: str | None = None) -> str:
        run = run or mlflow.active_run().info.run_id
        made = registry.client().create_model_version(REGISTERED_NAME, str(bundle), run)
        return str(made.version)

    def retrain(self, **changes: Any) -> Outcome:
        return retrain(replace(self.job, **changes), Console(file=self.said, width=200))


def policy_file(folder: Path, text: str = GATE) -> Path:
    path = folder / "policy.toml"
    path.write_text(text)
    return path


def suite_file(folder: Path) -> Path:
    lines = [{"id": n, "body": body, "issue_type": n} for n, body in CASES.items()]
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def world(
    own_store: Path,
    trained: Trained,
    corpus: Corpus,
    measured: Evaluation,
    tickets: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """Retrainings here learn nothing: the challenger is a copy of the champion."""
    job = RetrainJob(Sources([tickets]), own_store / "out", recipe, policy_file(own_store))
    world = World(own_store, trained.out, corpus, job)

    def learn(lesson: Any, bundle: Path, *_: Any) -> tuple[Evaluation, ...]:
        assert [len(rows) for rows in lesson.corpus.parts.values()][:2] == [110, 23]
        mlflow.log_text(write_ledger(lesson.corpus.parts), LEDGER)
        world.trainings += 1
        shutil.copytree(trained.out, bundle)
        return (measured,)

    def write(out: Path, *_: Any) -> Path:
        for name in ("report.html", "report.json"):
            (out / name).write_text("{}")
        return out / "report.html"

    quick: dict[str, Callable[..., Any]] = {
        f"{JOB}.learn": learn,
        f"{JOB}.write_contest": write,
        f"{JOB}.tracking.register": world.register,
        "tierline.training.retraining.contest.evaluate": lambda *_, **__: measured,
        "tierline.training.retraining.contest.peak_memory": lambda *_: 1,
        "tierline.training.retraining.contest.registered_bundle": lambda _: trained.out,
    }
    monkeypatch.setattr("tierline.training.metrics.RESAMPLES", 50)
    for name, stand_in in quick.items():
        monkeypatch.setattr(name, stand_in)
    monkeypatch.setattr("tierline.training.retraining.safety_cases.BUILT_IN", suite_file(own_store))
    return world

"""MLflow: every training is a run, every trained bundle a version of a registered model."""

import logging
import os
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import AnyType, ColSpec, Schema
from mlflow.utils.logging_utils import MLFLOW_LOGGING_STREAM
from rich.console import Console

from tierline.data.corpus import Corpus
from tierline.data.ticket import Ticket
from tierline.serving.backlog.writers import COLUMNS
from tierline.serving.model_source import (
    REGISTERED_NAME,
    give_up_soon,
    store_said,
    tracking_uri,
)
from tierline.training import mlflow_model
from tierline.training.bundling import UNINSTALLED, tierline_version
from tierline.training.evaluate import Evaluation
from tierline.training.fit import Fitted
from tierline.training.ledger import LEDGER, write_ledger
from tierline.training.plots import confusion_matrix, reliability_diagram, risk_coverage

EXPERIMENT: Final = "tierline"
_SAMPLE_SECONDS: Final = 5
#: An invented ticket: no user's text goes into a model's metadata.
_EXAMPLE: Final = {
    "id": "T-1",
    "subject": "Export fails",
    "body": "The invoice export stops at 90%.",
}


@contextmanager
def training_run(name: str) -> Iterator[str]:
    """Open a run with system metrics in the experiment ``tierline``; yields the run's id."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(tracking_uri())
    mlflow.set_experiment(EXPERIMENT)
    mlflow.set_system_metrics_sampling_interval(_SAMPLE_SECONDS)
    with mlflow.start_run(run_name=name, log_system_metrics=True) as run:
        commit = git_commit()
        if commit:
            mlflow.set_tag("mlflow.source.git.commit", commit)
        yield run.info.run_id


@contextmanager
def going_on(console: Console) -> Iterator[None]:
    """Let a training go on where the store doesn't take a figure, and tell it."""
    try:
        yield
    except (MlflowException, OSError) as error:
        give_up_soon()  # it may stay away: minutes of asking again would be spent on every figure
        console.print(f"not recorded: {store_said(error)}", markup=False, soft_wrap=True)


def log_inputs(corpus: Corpus, settings: Mapping[str, Any]) -> None:
    """Record the settings and, by digest, the data: no ticket text leaves its file."""
    mlflow.log_params(dict(settings))
    mlflow.log_params({f"rows_{part}": len(rows) for part, rows in corpus.parts.items()})
    mlflow.log_param("label_book", corpus.book.digest)
    mlflow.log_text(write_ledger(corpus.parts), LEDGER)
    for file, digest in corpus.digests.items():
        counts = pd.DataFrame([{"file": file, "sha256": digest, "heads": ", ".join(corpus.heads)}])
        dataset = mlflow.data.from_pandas(counts, name=file, digest=digest[:32])
        mlflow.log_input(dataset, context="training")


def log_epoch(epoch: int, scores: Mapping[str, float]) -> None:
    """Record one epoch's losses and validation figures."""
    mlflow.log_metrics(dict(scores), step=epoch)


def log_fit(fitted: Fitted) -> None:
    """Record the recipe and what came of it."""
    mlflow.log_params(asdict(fitted.recipe))
    mlflow.log_params(
        {
            "precision": fitted.precision,
            "processes": fitted.processes,
            "best_epoch": fitted.best_epoch,
        }
    )


def log_evaluation(evaluation: Evaluation) -> None:
    """Record headline figures, per-label tables and pictures of one evaluated set."""
    name = evaluation.name
    for kind, reports in (("model", evaluation.model), ("baseline", evaluation.baseline)):
        prefix = name if kind == "model" else f"{name}_{kind}"
        for head, report in reports.items():
            values = {f"{prefix}_{head}_{k}": f.value for k, f in report.figures.items()}
            mlflow.log_metrics(values)
            rows = [{"label": label, **figures} for label, figures in report.per_label.items()]
            table = pd.DataFrame(rows)
            mlflow.log_text(table.to_csv(index=False), f"{name}/{kind}_{head}_per_label.csv")
            mlflow.log_figure(confusion_matrix(report), f"{name}/{kind}_{head}_confusion.png")
    for head, answers in evaluation.answers.items():
        figure = reliability_diagram(head, answers.confidence, answers.correct)
        mlflow.log_figure(figure, f"{name}/model_{head}_reliability.png")
    for head, risk in evaluation.risk.items():
        mlflow.log_metric(f"{name}_{head}_risk_coverage_area", risk.area.value)
        mlflow.log_figure(risk_coverage(head, risk), f"{name}/model_{head}_risk_coverage.png")
    mlflow.log_dict(evaluation.as_json(), f"{name}/evaluation.json")


def register(bundle: Path) -> str:
    """Log the bundle as a models-from-code pyfunc, register it, and return its version."""
    example = pd.DataFrame([_EXAMPLE])
    signature = ModelSignature(
        inputs=Schema([_input_column(name) for name in Ticket.model_fields]),
        outputs=Schema([_output_column(c) for c in COLUMNS]),
    )
    with warnings.catch_warnings(), _without_notices():
        # MLflow warns about its own defaults here; nothing in it is for the user to act on.
        warnings.simplefilter("ignore")
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(mlflow_model.__file__)),
            artifacts={"bundle": str(bundle)},
            signature=signature,
            input_example=example,
            pip_requirements=[_requirement()],
            registered_model_name=REGISTERED_NAME,
        )
    return str(info.registered_model_version)


def _requirement() -> str:
    """Return what MLflow installs beside the model: another version may read it otherwise."""
    found = tierline_version()
    return f"tierline=={found}" if found != UNINSTALLED else "tierline"


def git_commit() -> str | None:
    """Return the commit of the working folder, None outside a git checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 (wherever the user has git)
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


@contextmanager
def _without_notices() -> Iterator[None]:
    """Keep MLflow from printing which model and version it made: the command says so itself."""
    before = MLFLOW_LOGGING_STREAM.enabled
    MLFLOW_LOGGING_STREAM.enabled = False
    try:
        yield
    finally:
        MLFLOW_LOGGING_STREAM.enabled = before


def _input_column(name: str) -> ColSpec:
    """Return a field's column: MLflow drops what isn't named, so every field is."""
    kind = "string" if name in _EXAMPLE else AnyType()
    return ColSpec(kind, name, required=name == "body")


def _output_column(name: str) -> ColSpec:
    if name.endswith("_confidence"):
        return ColSpec("double", name, required=False)
    kinds = {"tier": "long", "needs_review": "boolean"}
    return ColSpec(kinds.get(name, "string"), name, required=name in kinds)

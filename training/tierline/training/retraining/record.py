"""What a retraining leaves in MLflow, and how a later one finds it again."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import mlflow
from mlflow.exceptions import MlflowException

from tierline.serving.model_source import REGISTERED_NAME
from tierline.training.ledger import LEDGER, Ledger, read_ledger
from tierline.training.retraining import registry
from tierline.training.retraining.outcome import Outcome, from_json

GATE: Final = "gate.json"
_INPUTS: Final = "retrain.inputs"
_AGAINST: Final = "retrain.against"
#: Set last: a version without it was not judged to the end.
_OUTCOME: Final = "gate.outcome"
_NOBODY: Final = "nobody"
_MOST_TAG_CHARS: Final = 4_000


def inputs_digest(**inputs: Any) -> str:
    """Return the SHA-256 of everything that decides what a retraining comes to."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def record(outcome: Outcome, inputs: str, report: Path) -> None:
    """Log the report and the verdicts in the open run, and tag the version with each verdict."""
    mlflow.log_artifact(str(report))
    mlflow.log_artifact(str(report.with_suffix(".json")))
    mlflow.log_dict(outcome.as_json(), GATE)
    tags = {f"gate.{v.name}": str(v)[:_MOST_TAG_CHARS] for v in outcome.verdicts}
    tags |= {_INPUTS: inputs, _AGAINST: outcome.champion or _NOBODY}
    tags[_OUTCOME] = "promoted" if outcome.promoted else "not promoted"
    client = registry.client()
    for name, value in tags.items():
        client.set_model_version_tag(REGISTERED_NAME, outcome.version, name, value)


def judged(inputs: str, champion: str | None) -> tuple[Outcome, bool] | None:
    """Return the recorded outcome of the same inputs, and whether a person went back from it.

    The same means: judged against the present champion, or the judged version is the champion
    now. None when there is none.
    """
    for version in registry.versions():
        tags = version.tags
        if _OUTCOME not in tags or tags.get(_INPUTS) != inputs:
            continue
        if champion == str(version.version) or tags[_AGAINST] == (champion or _NOBODY):
            outcome = from_json(mlflow.artifacts.load_dict(f"runs:/{version.run_id}/{GATE}"))
            left = registry.ROLLED_BACK in tags or registry.was_champion(str(version.version))
            back = champion != str(version.version) and left
            return outcome, back
    return None


def ledger_of(version: str) -> Ledger | None:
    """Return what the training of a version knew; None where its run holds no ledger."""
    run = registry.client().get_model_version(REGISTERED_NAME, version).run_id
    try:
        return read_ledger(mlflow.artifacts.load_text(f"runs:/{run}/{LEDGER}"))
    except (MlflowException, OSError):
        return None

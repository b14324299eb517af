"""Incidents that every model has to be told from calm tickets by: the built-in suite, and more."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from tierline.data.corpus import read_rows
from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.serving.safety import SAFETY_TIER
from tierline.training.certify import is_critical
from tierline.training.routing import routed

#: Invented incidents and near-misses, written for this project.
BUILT_IN: Final = resources.files("tierline.training.retraining") / "safety_suite.jsonl"


def safety_cases(
    suites: Sequence[Path], policy: Policy, quarantine: Quarantine
) -> Mapping[str, Row]:
    """Return the incidents of the built-in suite and of further labelled files, by a name each.

    Near-misses are left out: to raise fewer of them is no loss.

    Raises:
        InputError: for an unusable file, or when two cases have one name: none may be lost.
    """
    with resources.as_file(BUILT_IN) as path:
        files = [("", path), *((f"{suite.stem}:", suite) for suite in suites)]
        found: dict[str, Row] = {}
        for prefix, file in files:
            for row in read_rows([file], {}, quarantine):
                name = f"{prefix}{row.ticket.id}"
                if name in found:
                    raise InputError(
                        f"--suite: expected a name of its own for every case; found {name} twice. "
                        "Give cases ids of their own, and files different names"
                    )
                found[name] = row
        return {name: row for name, row in found.items() if is_critical(row, policy)}


def built_in_digest() -> str:
    """Return the SHA-256 of the built-in suite."""
    return hashlib.sha256(BUILT_IN.read_bytes()).hexdigest()


def raised(cases: Mapping[str, Row], predictor: Predictor, policy: Policy) -> dict[str, bool]:
    """Return of every case whether the whole decision raises it to the safety tier at least."""
    rows = list(cases.values())
    tiers = routed(rows, predictor.predict([row.ticket for row in rows]), policy)
    return {name: int(t) >= SAFETY_TIER for name, t in zip(cases, tiers, strict=True)}

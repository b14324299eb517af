"""Certify the whole decision: how many critical tickets may be routed below tier 3.

Critical are true P1, data-loss and breach tickets. The threshold of the model's own triggers is
set by conformal risk control (see `risk_control`) on the validation part, through `recommend`
itself, rules included. That part also chose the epoch and the temperatures, so the promise is
checked once more on the test part, which had no part in anything.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tierline.data.labels import IssueType, Severity
from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.models.runtime.certificate import Certificate, Misses
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy
from tierline.serving.routing.caution import INCIDENTS, critical_probability
from tierline.serving.safety import SAFETY_TIER
from tierline.training.risk_control import control, lacking, upper_bound
from tierline.training.routing import routed

#: The trigger of the incident labels where no promise can be made: recall first.
UNPROMISED: Final = 0.1


def is_critical(row: Row, policy: Policy) -> bool:
    """Return whether the ticket's true labels make it one that must not be missed."""
    incidents = {IssueType.DATA_LOSS, IssueType.SECURITY_BREACH}
    severity = policy.severity_of(row.labels.get("severity"))
    return severity is Severity.P1 or row.labels.get("issue_type") in incidents


def certify(
    rows: Sequence[Row], predictions: Sequence[Prediction], alpha: float, policy: Policy
) -> Certificate:
    """Return the certificate that the calibration rows allow at ``alpha``."""
    critical = np.array([is_critical(row, policy) for row in rows], dtype=bool)
    bare = [replace(p, thresholds={}) for p in predictions]
    caught = np.array([int(tier) >= SAFETY_TIER for tier in routed(rows, bare, policy)], dtype=bool)
    scores = np.array([critical_probability(p, policy) for p in predictions], dtype=np.float64)
    found = control(scores[critical], caught[critical], alpha)
    others = ~critical
    raised = others & ~caught & (scores >= (found.threshold if found else 2.0))
    return Certificate(
        alpha=alpha,
        threshold=found.threshold if found else None,
        calibration=Misses(misses=found.misses if found else 0, count=int(critical.sum())),
        raised=float(raised.sum() / max(1, others.sum())),
        digest=rows_digest(rows),
        lacking=lacking(int(critical.sum()), alpha),
    )


def thresholds(certificate: Certificate, labels: Sequence[str]) -> dict[str, float]:
    """Return the manifest's thresholds of the triggers whose labels the model has."""
    known = [name for name in INCIDENTS if name in labels]
    if certificate.threshold is None:
        return {f"safety.{name}": UNPROMISED for name in known}
    names = [f"safety.{name}" for name in known]
    return dict.fromkeys([*names, "caution.p1"], certificate.threshold)


def check_apart(
    certificate: Certificate, rows: Sequence[Row], tiers: Sequence[str], policy: Policy
) -> Certificate:
    """Return the certificate with what came of it on rows apart, routed to ``tiers``."""
    critical = [int(t) for r, t in zip(rows, tiers, strict=True) if is_critical(r, policy)]
    misses = sum(tier < SAFETY_TIER for tier in critical)
    return certificate.model_copy(
        update={
            "test": Misses(misses=misses, count=len(critical)),
            "bound": upper_bound(misses, len(critical)),
        }
    )


def rows_digest(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of the rows' words and labels, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{full_text(row.ticket)}\0{sorted(row.labels.items())}\0".encode())
    return digest.hexdigest()

"""A certificate counts what the whole decision misses, and says so when it can promise nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tierline.data import LABELS, Ticket
from tierline.data.rows import Row
from tierline.models.runtime.certificate import Misses
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import load_policy
from tierline.training.certify import UNPROMISED, certify, check_apart, thresholds
from tierline.training.routing import routed

POLICY = load_policy()
RULED = "All our files were deleted by the update."
OBLIQUE = "The pantry shelf in the app looks like the day we moved in."


def row(body: str, severity: str = "P3", issue_type: str = "bug") -> Row:
    return Row(1, Ticket(body=body), {"severity": severity, "issue_type": issue_type})


def suspecting(loss: float) -> Prediction:
    rest = dict.fromkeys(LABELS["issue_type"], 0.0) | {"data_loss": loss, "bug": 1 - loss}
    best = max(rest, key=lambda name: rest[name])
    return Prediction(
        {"issue_type": HeadPrediction(best, rest[best], rest)}, truncated=False, model_version="m"
    )


def world(seed: int, count: int) -> tuple[list[Row], list[Prediction]]:
    """Half losses, of which rules catch a third, half bugs; the model suspects the right ones."""
    rng = np.random.default_rng(seed)
    rows, predictions = [], []
    for i in range(count):
        loss = i % 2 == 0
        body = RULED if loss and rng.random() < 1 / 3 else OBLIQUE
        rows.append(row(body, "P2" if loss else "P3", "data_loss" if loss else "bug"))
        predictions.append(suspecting(round(float(rng.beta(4, 2) if loss else rng.beta(1, 6)), 6)))
    return rows, predictions


def served(predictions: Sequence[Prediction], limits: dict[str, float]) -> list[Prediction]:
    return [Prediction(p.heads, p.truncated, p.model_version, limits) for p in predictions]


def test_the_whole_decision_keeps_the_promise() -> None:
    misses = []
    for seed in range(40):
        rows, predictions = world(seed, 600)
        certificate = certify(rows[:300], predictions[:300], 0.05, POLICY)
        limits = thresholds(certificate, LABELS["issue_type"])
        here = routed(rows[:300], served(predictions[:300], limits), POLICY)
        assert check_apart(certificate, rows[:300], here, POLICY).test == certificate.calibration
        tiers = routed(rows[300:], served(predictions[300:], limits), POLICY)
        checked = check_apart(certificate, rows[300:], tiers, POLICY)
        assert checked.test is not None
        assert checked.test.count == 150
        misses.append(checked.test.misses / checked.test.count)
    assert np.mean(misses) <= 0.05 + 3 * np.std(misses) / np.sqrt(len(misses))
    assert np.mean(misses) > 0.01


def test_rules_make_the_promise_cheaper() -> None:
    rows, predictions = world(1, 400)
    with_rules = certify(rows, predictions, 0.05, POLICY)
    mute = [row(OBLIQUE, r.labels["severity"], r.labels["issue_type"]) for r in rows]
    without = certify(mute, predictions, 0.05, POLICY)
    assert with_rules.threshold is not None
    assert without.threshold is not None
    assert with_rules.threshold > without.threshold
    assert with_rules.raised <= without.raised
    assert with_rules.digest != without.digest


def test_too_few_critical_tickets_are_told() -> None:
    rows, predictions = world(1, 60)
    certificate = certify(rows, predictions, 0.02, POLICY)
    assert certificate.threshold is None
    assert certificate.lacking == 19
    assert "30 P1, data-loss and breach tickets to calibrate on, 19 more" in certificate.statement
    assert "in the validation part: about 127 labelled ones" in certificate.statement
    assert "where it takes 15%" in certificate.statement
    limits = thresholds(certificate, LABELS["issue_type"])
    assert limits == {"safety.data_loss": UNPROMISED, "safety.security_breach": UNPROMISED}
    assert thresholds(certificate, ("hardware", "software")) == {}


def test_the_statement_names_what_was_measured_apart() -> None:
    rows, predictions = world(2, 400)
    certificate = certify(rows, predictions, 0.05, POLICY)
    assert "at most 5.0% of P1" in certificate.statement
    assert "measured apart" not in certificate.statement
    checked = check_apart(certificate, [row(OBLIQUE, "P1")] * 149, ["3"] * 149, POLICY)
    assert checked.test == Misses(misses=0, count=149)
    assert "0 of 149, with 95% confidence at most 2.0%" in checked.statement


@pytest.mark.parametrize(("severity", "issue_type"), [("P1", "bug"), ("P4", "security_breach")])
def test_p1_and_incidents_count(severity: str, issue_type: str) -> None:
    certificate = certify([], [], 0.02, POLICY)
    rows = [row(OBLIQUE, severity, issue_type), row(OBLIQUE, "P2", "outage")]
    assert check_apart(certificate, rows, ["2", "1"], POLICY).test == Misses(misses=1, count=1)


def test_what_people_did_with_a_ticket_is_not_the_models_work() -> None:
    severe = {"severity": "P1", "issue_type": "bug", "sentiment": "neutral"}
    placed: list[dict[str, Any]] = [
        {"current_tier": 3},
        {"current_tier": 3, "team": "senior-engineers"},
        {"current_tier": 3, "locked_by_human": True},
        {"stated_severity": "P1"},
        {"assessment": {"customer_impact": 3}},
    ]
    for fields in placed:
        ticket = Ticket.model_validate({"body": "the printer is loud"} | fields)
        assert routed([Row(1, ticket, severe)], [suspecting(0.0)], POLICY) == ("2",)

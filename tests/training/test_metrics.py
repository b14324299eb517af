"""Figures agree with scikit-learn, and intervals hold them."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
)

from tierline.training.metrics import (
    beyond_chance,
    calibration_error,
    has_critical,
    macro_f1,
    quadratic_kappa,
    rated_too_low,
    report_head,
)

Labels = NDArray[np.int64]
SEVERITIES = ("P1", "P2", "P3", "P4")


@pytest.fixture(params=range(4))
def answers(request: pytest.FixtureRequest) -> tuple[Labels, Labels]:
    rng = np.random.default_rng(request.param)
    truth = rng.integers(0, 4, 240)
    right = rng.random(240) < 0.7
    return truth, np.where(right, truth, rng.integers(0, 4, 240))


def test_headline_figures_are_scikit_learns(answers: tuple[Labels, Labels]) -> None:
    truth, predicted = answers
    figures = report_head("severity", SEVERITIES, truth, predicted).figures
    assert figures["macro_f1"].value == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert figures["accuracy"].value == pytest.approx(accuracy_score(truth, predicted))
    kappa = cohen_kappa_score(truth, predicted, weights="quadratic")
    assert figures["quadratic_kappa"].value == pytest.approx(kappa)
    severe = truth < 2
    assert figures["rated_too_low"].value == pytest.approx((predicted[severe] > 1).mean())


def test_beyond_chance_is_the_numerator_of_kappa(answers: tuple[Labels, Labels]) -> None:
    truth, predicted = answers
    found = beyond_chance(truth, predicted)
    by_chance = accuracy_score(truth, predicted) - found
    assert found / (1 - by_chance) == pytest.approx(cohen_kappa_score(truth, predicted))


def test_own_severities_have_a_kappa_only_where_their_order_is_known(
    answers: tuple[Labels, Labels],
) -> None:
    named, numbered = ("high", "low", "medium", "urgent"), ("1", "2", "3", "4")
    assert set(report_head("severity", named, *answers).figures) == {"macro_f1", "accuracy"}
    assert "quadratic_kappa" in report_head("severity", numbered, *answers).figures


def test_every_interval_holds_its_value(answers: tuple[Labels, Labels]) -> None:
    for figure in report_head("severity", SEVERITIES, *answers).figures.values():
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
        assert 0.02 < figure.high - figure.low < 0.3


def test_a_level_that_never_occurs_keeps_its_place_on_the_scale() -> None:
    truth, predicted = np.array([0, 0, 3, 3, 3]), np.array([0, 3, 3, 3, 2])
    expected = cohen_kappa_score(truth, predicted, weights="quadratic", labels=range(4))
    assert quadratic_kappa(truth, predicted) == pytest.approx(expected)


def test_tables_are_scikit_learns(answers: tuple[Labels, Labels]) -> None:
    truth, predicted = answers
    report = report_head("issue_type", SEVERITIES, truth, predicted)
    assert np.array_equal(report.confusion, confusion_matrix(truth, predicted))
    expected = classification_report(
        truth, predicted, target_names=SEVERITIES, output_dict=True, zero_division=0.0
    )
    for label, figures in report.per_label.items():
        theirs = expected[label]
        assert figures["precision"] == pytest.approx(theirs["precision"])
        assert figures["recall"] == pytest.approx(theirs["recall"])
        assert figures["f1"] == pytest.approx(theirs["f1-score"])
        assert figures["count"] == theirs["support"]


def test_only_severity_is_measured_as_a_scale(answers: tuple[Labels, Labels]) -> None:
    assert set(report_head("sentiment", SEVERITIES, *answers).figures) == {"macro_f1", "accuracy"}


def test_macro_f1_counts_only_labels_that_occur() -> None:
    truth, predicted = np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])
    expected = f1_score(truth, predicted, labels=[0, 2], average="macro")
    assert macro_f1(truth, predicted) == pytest.approx(expected)


def test_edge_cases_of_the_severity_figures() -> None:
    same, mild = np.array([1, 1]), np.array([2, 3])
    assert quadratic_kappa(same, same) == 1
    assert rated_too_low(mild, same) == 0
    assert rated_too_low(same, mild) == 1


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    correct = np.array([True] * 60 + [False] * 40)
    assert calibration_error(correct, np.full(100, 0.95)) == pytest.approx(0.35)
    assert calibration_error(correct, np.full(100, 0.6)) == pytest.approx(0)
    assert calibration_error(np.array([True]), np.array([1.0])) == 0


def test_a_report_is_plain_json(answers: tuple[Labels, Labels]) -> None:
    report = report_head("severity", SEVERITIES, *answers, confidence=np.full(240, 0.7))
    read = json.loads(json.dumps(report.as_json()))
    assert read["count"] == 240
    assert read["macro_f1"].keys() == {"value", "low", "high"}
    assert read["labels"] == list(SEVERITIES)
    assert 0 <= read["expected_calibration_error"] <= 1


def test_too_low_is_told_where_p1_and_p2_are_known() -> None:
    assert has_critical(("P1", "P2", "P3", "P4"))
    assert has_critical(("P1", "P2", "P3"))
    assert not has_critical(("P1", "P3", "P4"))
    assert not has_critical(("1", "2", "3"))

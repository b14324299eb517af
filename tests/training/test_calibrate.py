"""Temperatures and thresholds do what they promise on the rows they were fitted to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tierline.models.runtime.calibration import decide, softmax
from tierline.training.calibrate import (
    confidence_threshold,
    fit_temperature,
)
from tierline.training.metrics import calibration_error
from tierline.training.targets import ABSENT


def sample(rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return logits that mean what they say, and labels drawn by them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (rows, 4)).astype(np.float32)
    truth = np.array([rng.choice(4, p=p) for p in softmax(logits, 1.0)])
    return logits, truth


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_a_known_over_confidence(factor: float) -> None:
    logits, truth = sample(4000, seed=1)
    found = fit_temperature((logits * factor).astype(np.float32), truth)
    assert found == pytest.approx(factor, rel=0.07)
    calibrated = softmax(logits * factor, found)
    correct = calibrated.argmax(axis=1) == truth
    assert calibration_error(correct, calibrated.max(axis=1)) < 0.03


def test_absent_labels_do_not_calibrate() -> None:
    logits, truth = sample(500, seed=2)
    more = np.concatenate([logits, np.full((300, 4), 50, np.float32)])
    assert fit_temperature(more, np.append(truth, [ABSENT] * 300)) == fit_temperature(logits, truth)
    assert fit_temperature(logits, np.full(500, ABSENT)) == 1.0


@pytest.mark.parametrize("target", [0.05, 0.10, 0.25])
def test_the_confidence_threshold_meets_its_target(target: float) -> None:
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.3, 1, 1000)
    correct = rng.random(1000) < confidence
    threshold = confidence_threshold(confidence, correct, target)
    assert (~correct[confidence >= threshold]).mean() <= target
    lower = np.sort(confidence[confidence < threshold])[::-1]
    assert all((~correct[confidence >= c]).mean() > target for c in lower)


def test_equal_confidences_stand_or_fall_together() -> None:
    confidence = np.array([0.99] * 20 + [0.8] * 20)
    correct = np.array([True] * 20 + [True, False] * 10)
    assert confidence_threshold(confidence, correct, 0.1) == 0.99


def test_without_any_good_threshold_all_is_reviewed() -> None:
    assert confidence_threshold(np.array([0.9, 0.8]), np.array([False, True])) == 1.0


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(any),
    st.integers(1, 9),
)
def test_on_a_scale_the_answer_of_least_expected_cost_is_given(
    counts: list[int], cost: int
) -> None:
    probabilities = np.array(counts) / sum(counts)
    answer = decide(probabilities, 1 / (1 + cost))

    def expected(level: int) -> float:
        away = np.arange(len(counts)) - level
        return float(probabilities @ np.where(away < 0, -cost * away, away))

    least = min(range(len(counts)), key=expected)
    assert expected(int(answer)) == pytest.approx(expected(least))


def test_without_a_scale_the_likeliest_label_is_answered() -> None:
    probabilities = np.array([[0.34, 0.36, 0.3], [0.34, 0.06, 0.6]])
    assert decide(probabilities, None).tolist() == [1, 2]
    assert decide(probabilities, 1 / 3).tolist() == [0, 0]

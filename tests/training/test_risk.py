"""Risk–coverage: by hand, and what holds of every ranking."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.training.metrics import bootstrap
from tierline.training.risk import LIMITS, Ranking, area, best_area, risk_coverage

ANSWERS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40)
Answers = list[tuple[int, bool]]


def arrays(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = zip(*answers, strict=True)
    return np.array(confidence) / 8, np.array(correct)


def test_the_curve_is_the_one_computed_by_hand() -> None:
    confidence = np.array([0.6, 0.9, 0.7, 0.8])
    correct = np.array([False, True, True, False])
    risk = Ranking(confidence, correct).risk()
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert area(confidence, correct) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert best_area(correct) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_equally_sure_answers_share_their_errors() -> None:
    confidence, correct = np.array([0.9, 0.5, 0.5]), np.array([True, False, True])
    assert Ranking(confidence, correct).risk().tolist() == pytest.approx([0, 1 / 4, 1 / 3])
    assert area(confidence, correct) == area(confidence, correct[[0, 2, 1]])


def test_coverage_keeps_to_the_limit_and_names_its_threshold() -> None:
    confidence = np.linspace(0.99, 0.0, 100)
    correct = np.ones(100, dtype=bool)
    correct[[39, 59, 69, 79, 89]] = False
    ranking = Ranking(confidence, correct)
    assert ranking.coverage_at(0.01) == pytest.approx((0.39, confidence[38]))
    assert ranking.coverage_at(0.02) == pytest.approx((0.59, confidence[58]))
    assert ranking.coverage_at(0.05) == pytest.approx((1.0, 0.0))
    assert Ranking(confidence[:2], np.array([False, True])).coverage_at(0.2) == (0.0, None)


def test_one_threshold_takes_all_equally_sure_answers() -> None:
    confidence, correct = np.array([0.9, 0.9, 0.8]), np.array([True, False, True])
    assert Ranking(confidence, correct).coverage_at(0.1) == (0.0, None)


@given(ANSWERS)
def test_at_full_coverage_risk_is_the_error_rate(answers: Answers) -> None:
    confidence, correct = arrays(answers)
    assert Ranking(confidence, correct).risk()[-1] == pytest.approx((~correct).mean())


@given(ANSWERS)
def test_no_ranking_beats_the_perfect_one(answers: Answers) -> None:
    confidence, correct = arrays(answers)
    assert 0 <= best_area(correct) <= area(confidence, correct) + 1e-12 <= 1 + 1e-9


@given(ANSWERS)
def test_order_of_tickets_changes_nothing(answers: Answers) -> None:
    there, back = arrays(answers), arrays(answers[::-1])
    assert area(*there) == pytest.approx(area(*back))
    assert Ranking(*there).coverage_at(0.1) == pytest.approx(Ranking(*back).coverage_at(0.1))


@given(ANSWERS)
def test_a_resample_of_every_ticket_once_is_the_whole(answers: Answers) -> None:
    ranking = Ranking(*arrays(answers))
    once = np.arange(len(answers))[::-1]
    assert ranking.risk(once) == pytest.approx(ranking.risk())


def test_figures_come_with_intervals_and_as_plain_json() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(300)
    measured = risk_coverage(confidence, rng.random(300) < confidence)
    assert measured.area.low < measured.area.value < measured.area.high
    assert [a.limit for a in measured.automatic] == list(LIMITS)
    shares = [a.coverage.value for a in measured.automatic]
    assert shares == sorted(shares)
    assert len(measured.curve) == 100
    assert measured.curve[-1] == pytest.approx((1.0, measured.error))
    read = json.loads(json.dumps(measured.as_json()))
    assert read["automatic"][0].keys() == {"limit", "coverage", "threshold"}


def test_one_seed_gives_one_interval() -> None:
    values = np.random.default_rng(2).random(50)

    def mean(rows: np.ndarray) -> list[float]:
        return [float(values[rows].mean())]

    assert bootstrap(mean, 50) == bootstrap(mean, 50)
    assert bootstrap(mean, 50, seed=1) != bootstrap(mean, 50)

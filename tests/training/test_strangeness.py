"""What is fitted to tell strange tickets: a covariance, and thresholds that keep their word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.training.strangeness import (
    FALSE_ALARMS,
    conformal_quantile,
    fit_strangeness,
    known_languages,
    language_of,
    sample,
    strangeness_thresholds,
)

SCORES = st.lists(st.integers(0, 30).map(float), min_size=2, max_size=60)


@given(SCORES, st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5]))
def test_of_exchangeable_scores_few_exceed_the_threshold_of_the_others(
    scores: list[float], alpha: float
) -> None:
    exceed = 0
    for i, score in enumerate(scores):
        others = np.array(scores[:i] + scores[i + 1 :])
        exceed += score > conformal_quantile(others, alpha)
    assert exceed <= max(alpha * len(scores), 1) + 1e-9


@given(SCORES)
def test_the_threshold_falls_as_more_false_alarms_are_allowed(scores: list[float]) -> None:
    found = [conformal_quantile(np.array(scores), a) for a in (0.001, 0.1, 0.3, 0.6)]
    assert found == sorted(found, reverse=True)
    assert found[0] == max(scores)


def test_the_threshold_by_hand() -> None:
    scores = np.arange(1.0, 100.0)  # 99 scores: of 100 tickets one may exceed
    assert conformal_quantile(scores, 0.01) == 99
    assert conformal_quantile(scores, 0.02) == 98


def rows(count: int) -> list[Row]:
    return [Row(i, Ticket(body=f"please help me to log in {i}")) for i in range(count)]


@pytest.mark.parametrize("count", [40, 400])
def test_what_lies_off_the_training_tickets_is_far(count: int) -> None:
    rng = np.random.default_rng(1)
    spread = np.array([1.0, 1.0, 1.0, 0.05, 0.05, 0.05], dtype=np.float32)

    def tickets(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.float32(3) + rng.normal(size=(n, 6)).astype(np.float32) * spread

    fitted = fit_strangeness(rows(count), tickets(count))
    usual = [fitted.distance(e) for e in tickets(200)]
    off = np.array([0, 0, 0, 1.5, -1.5, 1.5], dtype=np.float32)
    assert min(fitted.distance(e + off) for e in tickets(50)) > np.quantile(usual, 0.95)
    assert fitted.wording.tickets == count


def test_thresholds_leave_out_tickets_without_a_score() -> None:
    scores = [{"out_of_distribution": float(i), "unsupported_language": 9.0} for i in range(5)]
    short = [{"out_of_distribution": 7.0}]
    said = [Prediction({}, False, "m", scores=s) for s in [*scores, *short]]
    assert strangeness_thresholds(said) == {"out_of_distribution": 7, "unsupported_language": 9}
    assert strangeness_thresholds([Prediction({}, False, "m", scores=short[0])]).keys() == {
        "out_of_distribution"
    }
    assert strangeness_thresholds([]) == {}
    assert FALSE_ALARMS.keys() == {"out_of_distribution", "unsupported_language"}


def test_of_many_rows_some_are_enough() -> None:
    many = rows(2600)
    assert sample(many[:9], 1) == many[:9]
    chosen = sample(many, 1)
    assert len(chosen) == len({row.number for row in chosen}) == 2500
    assert sample(many, 1) == chosen != sample(many, 2)


def in_languages(*codes: str | None) -> list[Row]:
    return [Row(i, Ticket(body="help", language=code)) for i, code in enumerate(codes)]


def test_a_language_is_known_from_one_ticket_in_twenty_or_500_on() -> None:
    tickets = in_languages("de-AT", "de", "de_CH", *["fr"] * 5, *[None] * 92)
    assert known_languages(tickets) == {"", "fr"}
    assert known_languages(tickets[:40]) == {"", "de", "fr"}
    assert known_languages(in_languages(*["sv"] * 500, *["pl"] * 499, *[None] * 29_001)) == {
        "",
        "sv",
    }


def test_all_languages_are_known_where_most_tickets_are_in_rare_ones() -> None:
    many = [f"{a}{b}" for a in "abcde" for b in "abcde"]
    assert known_languages(in_languages(*many * 4, None, None)) == {"", *many}
    assert known_languages([]) == {""}


@pytest.mark.parametrize("code", ["pt", "PT-br", " pt_PT "])
def test_a_region_is_no_language(code: str) -> None:
    assert [language_of(row) for row in in_languages(code, None)] == ["pt", ""]

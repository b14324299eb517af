"""Quantiles of lengths of time, some of which still run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.serving.history.durations import Durations


def durations(*lengths: int, running: tuple[int, ...] = ()) -> Durations:
    made = Durations()
    for seconds in lengths:
        made.add(seconds)
    for seconds in running:
        made.add(seconds, ended=False)
    return made


def test_a_running_length_is_no_short_one() -> None:
    # Survival by hand: 1 → 3/4, 2 (one leaves unseen after it), 3 → 3/4 · 1/2, 4 → 0.
    made = durations(1, 3, 4, running=(2,))
    assert made.quantile(0.25) == 1
    assert made.quantile(0.5) == 3
    assert made.quantile(0.9) == 4


def test_a_quantile_that_nobody_has_reached_is_unknown() -> None:
    made = durations(5, running=(6, 6, 6))
    assert made.quantile(0.5) is None
    assert made.as_json() == {
        "count": 4, "running": 3, "median_hours": None, "p90_hours": None
    }  # fmt: skip


def test_none_of_nothing() -> None:
    assert Durations().quantile(0.5) is None


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_without_running_ones_it_is_the_empirical_quantile(
    lengths: list[int], share: float
) -> None:
    expected = float(np.quantile(lengths, share, method="inverted_cdf"))
    assert durations(*lengths).quantile(share) == pytest.approx(expected)

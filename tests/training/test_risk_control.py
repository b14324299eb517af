"""The promised miss rate holds over many splits, and small data gets no promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.training.risk_control import control, lacking, upper_bound

ALPHA = 0.02


def world(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and "caught anyway" of critical tickets, as a middling model gives them."""
    rng = np.random.default_rng(seed)
    return rng.beta(1.2, 1.0, count).round(3), rng.random(count) < 0.4


@pytest.mark.parametrize("count", [60, 200, 700])
@pytest.mark.parametrize("alpha", [ALPHA, 0.05, 0.1])
def test_the_promise_holds_over_500_splits(count: int, alpha: float) -> None:
    rates = []
    for seed in range(500):
        scores, caught = world(seed, count + 2000)
        found = control(scores[:count], caught[:count], alpha)
        assert found is not None
        missed = (scores[count:] < found.threshold) & ~caught[count:]
        rates.append(missed.mean())
    standard_error = np.std(rates) / np.sqrt(len(rates))
    assert np.mean(rates) <= alpha + 3 * standard_error
    assert np.mean(rates) >= alpha - 1 / (count + 1) - 3 * standard_error - 0.002


def test_too_few_tickets_get_no_promise() -> None:
    scores, caught = world(1, 48)
    assert control(scores, caught, ALPHA) is None
    assert lacking(48, ALPHA) == 1
    scores, caught = world(1, 49)
    assert control(scores, caught, ALPHA) is not None
    assert lacking(49, ALPHA) == lacking(500, ALPHA) == 0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=49, max_size=200),
    st.floats(0.02, 0.5),
)
def test_no_larger_threshold_would_do(tickets: list[tuple[float, bool]], alpha: float) -> None:
    scores = np.array([score for score, _ in tickets])
    caught = np.array([c for _, c in tickets])

    def promised(threshold: float) -> float:
        missed = ((scores < threshold) & ~caught).sum()
        return float((missed + 1) / (len(scores) + 1))

    found = control(scores, caught, alpha)
    assert found is not None
    assert promised(found.threshold) <= alpha + 1e-9
    assert found.misses == ((scores < found.threshold) & ~caught).sum()
    larger = np.unique(scores[scores > found.threshold])
    assert all(promised(t) > alpha - 1e-9 for t in (*larger[:1], 1.1) if found.threshold < 1.0)


@pytest.mark.parametrize(
    ("misses", "count", "bound"), [(0, 149, 0.0199), (0, 10, 0.2589), (3, 100, 0.0757), (0, 0, 1.0)]
)
def test_exact_bounds(misses: int, count: int, bound: float) -> None:
    assert upper_bound(misses, count) == pytest.approx(bound, abs=1e-4)

"""The moving average of the weights."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tierline.training.averaging import MovingAverage


def parameter(*values: float) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values))


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=40))
def test_it_is_the_weighted_mean_of_the_start_and_of_every_step(steps: list[float]) -> None:
    weight = parameter(1.0)
    average = MovingAverage([weight])
    expected = 1.0
    for n, value in enumerate(steps, start=1):
        weight.data.fill_(value)
        average.update()
        past = min(0.99, (1 + n) / (10 + n))
        expected = past * expected + (1 - past) * value
    with average.in_place():
        assert weight.item() == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_after_many_steps_a_step_weighs_a_hundredth() -> None:
    weight = parameter(0.0)
    average = MovingAverage([weight])
    for _ in range(2_000):
        average.update()
    weight.data.fill_(1.0)
    average.update()
    with average.in_place():
        assert weight.item() == pytest.approx(0.01, rel=1e-3)


def test_what_was_learnt_last_comes_back_also_after_a_failure() -> None:
    weight = parameter(2.0, 4.0)
    average = MovingAverage([weight])
    weight.data.zero_()
    with pytest.raises(ValueError, match="in between"), average.in_place():
        np.testing.assert_array_equal(weight.detach().numpy(), [2.0, 4.0])
        raise ValueError("in between")
    np.testing.assert_array_equal(weight.detach().numpy(), [0.0, 0.0])


def test_frozen_parameters_are_left_alone() -> None:
    frozen = parameter(1.0)
    frozen.requires_grad = False
    assert MovingAverage([frozen]).parameters == []

"""Probabilities out of logits."""

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return calibrated probabilities of shape (..., K) for logits of shape (..., K).

    Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one
    number > 0 per head, fitted on the validation part; it never changes which label is first.
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    exp = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = exp / exp.sum(axis=-1, keepdims=True)
    return probabilities


def decide(probabilities: NDArray[np.float64], quantile: float | None) -> NDArray[np.intp]:
    """Return the index of the label to answer, shape (...), for probabilities (..., K).

    The likeliest one where ``quantile`` is None. Otherwise the labels stand on a scale and the
    answer is the first at which their probabilities add up to ``quantile``, 0 to 1: the answer
    of least expected cost where each level too late on the scale costs 1 / ``quantile`` - 1
    times as much as each level too early (Koenker and Bassett 1978, "Regression Quantiles").
    """
    reached = probabilities if quantile is None else probabilities.cumsum(axis=-1) >= quantile
    return np.asarray(reached.argmax(axis=-1))

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

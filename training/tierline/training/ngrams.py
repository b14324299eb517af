"""Put the n-gram model beside the encoder: how much each head listens to it is learned too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.feature_extraction.text import TfidfVectorizer

from tierline.data.rows import Row
from tierline.models.runtime.calibration import softmax
from tierline.models.runtime.heads import column_slices
from tierline.models.runtime.ngrams import Block, NgramModel
from tierline.models.runtime.tokens import text_read
from tierline.training.baseline import Baseline
from tierline.training.targets import ABSENT, HeadLabels

#: The n-gram model stays out of a head where it lowers the log loss by less than this share.
_LEAST_GAIN: Final = 0.01
#: Of the encoder's factor and the n-gram model's, as logs: where to search from, and bounds.
_STARTS: Final = ((0.0, -1.0), (0.0, 0.0), (1.0, -2.0))
_LOWEST: Final = (-2.0, -9.0)
_HIGHEST: Final = (2.0, 2.0)
#: The factors' ratio where many validation tickets say it. Before any does, its logarithm is taken
#: to be normal around this one's, with variance 1.
_USUAL: Final = 0.75


@dataclass(frozen=True, eq=False)
class Beside:
    """An n-gram model, and by what it is multiplied beside the encoder.

    ``bias`` (labels,) is to be added to what it says; ``logits`` (rows, labels), bias included, is
    what it says of the validation rows. ``scales`` (labels,) are 0 for a head that gains nothing.
    """

    blocks: tuple[Block, ...]
    bias: NDArray[np.float32]
    logits: NDArray[np.float32]
    scales: NDArray[np.float32]

    @property
    def model(self) -> NgramModel:
        """The model as it answers alone."""
        return NgramModel(self.blocks)

    @property
    def scaled(self) -> NgramModel:
        """The model as it adds to the encoder."""
        scales = self.scales
        return NgramModel(
            tuple(replace(b, weights=(b.weights * scales).astype(np.float16)) for b in self.blocks)
        )


def beside(
    baseline: Baseline,
    heads: Sequence[HeadLabels],
    rows: Sequence[Row],
    encoder: NDArray[np.float32],
) -> Beside:
    """Return the n-gram model to put beside the encoder.

    ``encoder`` (rows, labels) are the encoder's logits of the validation ``rows``, by which each
    head's share is fitted.
    """
    blocks, bias = _blocks(baseline, heads)
    whole = NgramModel(blocks)
    own = np.stack([whole.logits(text_read(r.ticket)) for r in rows]) + bias
    scales = np.zeros(len(bias), dtype=np.float32)
    for head, part in zip(heads, column_slices([len(h.labels) for h in heads]), strict=True):
        scales[part] = fit_scale(encoder[:, part], own[:, part], head.targets(rows))
    return Beside(blocks, bias, own, scales)


def fit_scale(
    encoder: NDArray[np.float32], own: NDArray[np.float32], targets: NDArray[np.int64]
) -> float:
    """Return by what to multiply ``own`` logits (N, K) before adding them to the encoder's.

    Both factors, the encoder's being the temperature's inverse, are the most probable ones after
    the targets (N,): with few of them, what n-grams usually are beside an encoder counts, or one
    ticket that it gets surely wrong would drown it. 0 where the log loss gains too little, or where
    no target is known.
    """
    known = targets != ABSENT
    if not known.any():
        return 0.0
    first, second, truth = encoder[known], own[known], targets[known]

    def log_loss(logs: NDArray[np.float64]) -> float:
        a, b = np.exp(np.clip(logs, _LOWEST, _HIGHEST))
        return _log_loss(a * first + b * second, truth)

    def unlikely(logs: NDArray[np.float64]) -> float:
        a, b = np.clip(logs, _LOWEST, _HIGHEST)
        return log_loss(logs) + float(b - a - np.log(_USUAL)) ** 2 / 2 / len(truth)

    alone = min(log_loss(np.array([a, _LOWEST[1]])) for a in np.linspace(-2, 2, 41))
    found = min(
        (minimize(unlikely, start, method="Nelder-Mead") for start in _STARTS), key=lambda f: f.fun
    )
    if log_loss(found.x) > (1 - _LEAST_GAIN) * alone:
        return 0.0
    a, b = np.clip(found.x, _LOWEST, _HIGHEST)
    return float(np.exp(b - a))


def _log_loss(logits: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    probabilities = softmax(logits, 1.0)
    return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())


def _blocks(
    baseline: Baseline, heads: Sequence[HeadLabels]
) -> tuple[tuple[Block, ...], NDArray[np.float32]]:
    """Return the unscaled blocks and the bias, every head's logits centred."""
    columns = [_centred(baseline, head) for head in heads]
    weights = np.concatenate([w for w, _ in columns], axis=1)
    bias = np.concatenate([b for _, b in columns])
    split = len(baseline.words.vocabulary_)
    return (
        _block(baseline.words, weights[:split]),
        _block(baseline.letters, weights[split:]),
    ), bias


def _block(vectorizer: TfidfVectorizer, weights: NDArray[np.float32]) -> Block:
    terms = tuple(vectorizer.get_feature_names_out())
    return Block(terms, vectorizer.idf_.astype(np.float32), weights.astype(np.float16))


def _centred(
    baseline: Baseline, head: HeadLabels
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights (terms, labels) and bias (labels,); a label never seen is the least likely."""
    model = baseline.models[head.name]
    weights, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # noqa: PLR2004 (scikit-learn then keeps the second's row only)
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.append(-bias / 2, bias / 2)
    all_weights = np.zeros((len(weights), len(head.labels)))
    all_bias = np.full(len(head.labels), bias.min() - 2)
    all_weights[:, model.classes_], all_bias[model.classes_] = weights, bias
    all_weights -= all_weights.mean(axis=1, keepdims=True)
    return all_weights.astype(np.float32), (all_bias - all_bias.mean()).astype(np.float32)

"""Input drift: can a classifier tell recent tickets from the reference's?

A classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017, arXiv 1610.06545). Its AUC is the
size of the difference, in a unit that people can read, and its permutation test is exact for any
distribution and any number of dimensions. One statistic for both: a kernel test (MMD) gives only
the second.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import Ridge

from tierline.models.runtime.prediction import Floats
from tierline.training.drift.limits import Limits
from tierline.training.metrics import RESAMPLES, Figure, Indices

FOLDS: Final = 5
#: Ridge penalty per training ticket, in units of the vectors' mean variance per dimension. Of 0.01,
#: 0.1, 1 and 10, those from 1 on told doubled topics of an IT desk apart most clearly.
_PENALTY: Final = 1.0
#: Of a score; labels are -1 and 1.
_DECIMALS: Final = 6
#: Relabellings scored at once; 10,000 tickets then take 160 MB.
_BLOCK: Final = 2000
_Marks = NDArray[np.float32]


@dataclass(frozen=True)
class Separation:
    """How well the files can be told apart: 0.5 not at all, 1 without a mistake."""

    auc: Figure
    p_value: float
    kind = "input"
    head = None

    def drifted(self, level: float, limits: Limits) -> bool:
        """Whether it is significant at ``level`` and large enough."""
        return self.p_value <= level and self.auc.value >= limits.auc

    def effect(self) -> str:
        """Return the size of the difference in a few words."""
        return f"AUC {self.auc}"

    def sentences(self, level: float, limits: Limits) -> list[str]:
        """Return what changed, in plain words."""
        return [
            f"The tickets' words differ: shown one ticket of each file, a classifier picks the "
            f"recent one {self.auc.value:.0%} of the time (50% is guessing)."
        ]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"auc": asdict(self.auc)}


def separation(
    vectors: Floats,
    recent: NDArray[np.bool_],
    keys: Sequence[int],
    relabellings: int,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Separation:
    """Return the cross-validated AUC of a linear classifier, and its permutation p-value.

    ``vectors`` (n, dimensions) are the tickets, ``recent`` (n,) says from which file each is.
    Tickets of one key share a fold, so that no classifier is asked about a ticket that it has
    learnt. Folds don't depend on the files; labels change places within folds only.
    """
    rng = np.random.default_rng(seed)
    _, group = np.unique(np.asarray(keys, dtype=np.int64), return_inverse=True)
    folds = rng.integers(FOLDS, size=group.max() + 1)[group]
    truth = np.where(recent, 1, -1).astype(np.float32)
    scores = _held_out_scores(vectors, truth[:, None], folds)[:, 0]
    found = float(_auc(scores[:, None], truth[:, None], folds)[0])
    as_good = 0
    for start in range(0, relabellings, _BLOCK):
        marks = _relabelled(truth, folds, min(_BLOCK, relabellings - start), rng)
        aucs = _auc(_held_out_scores(vectors, marks, folds), marks, folds)
        as_good += int((aucs >= found).sum())
        progress(min(1.0, (start + _BLOCK) / relabellings))
    auc = Figure(found, *_interval(scores, truth, folds, seed))
    return Separation(auc, (1 + as_good) / (1 + relabellings))


def _relabelled(truth: _Marks, folds: Indices, count: int, rng: np.random.Generator) -> _Marks:
    """Return ``count`` columns of labels, each shuffled within every fold: (n, count)."""
    marks = np.empty((len(truth), count), dtype=np.float32)
    for fold in range(FOLDS):
        inside = folds == fold
        marks[inside] = rng.permuted(np.repeat(truth[inside, None], count, axis=1), axis=0)
    return marks


def _held_out_scores(vectors: Floats, marks: _Marks, folds: Indices) -> Floats:
    """Return, for each column of labels, the scores of the fold's own held-out tickets.

    Least squares on labels of -1 and 1 is linear discriminant analysis, and one factorisation
    serves every column: thousands of classifiers for the price of a few.
    """
    scores = np.zeros_like(marks)
    for fold in range(FOLDS):
        inside = folds == fold
        if inside.any() and not inside.all():
            learnt = vectors[~inside]
            penalty = _PENALTY * len(learnt) * float(learnt.var(axis=0).mean()) + 1e-6
            model = Ridge(alpha=penalty, solver="cholesky").fit(learnt, marks[~inside])
            # Equal tickets are to get equal scores, however a product's rows are summed up.
            said = model.predict(vectors[inside].astype(np.float64)).round(_DECIMALS)
            scores[inside] = said.reshape(-1, marks.shape[1])
    return scores


def _auc(scores: Floats, marks: _Marks, folds: Indices) -> NDArray[np.float64]:
    """Return each column's AUC, the mean over folds; a fold with one file only counts 0.5."""
    aucs = np.full((FOLDS, marks.shape[1]), 0.5)
    for fold in np.unique(folds):
        inside = folds == fold
        recent = marks[inside] > 0
        ones = recent.sum(axis=0)
        pairs = ones * (len(recent) - ones)
        ranks = np.where(recent, rankdata(scores[inside], axis=0), 0.0).sum(axis=0)
        won = ranks - ones * (ones + 1) / 2
        np.divide(won, pairs, out=aucs[fold], where=pairs > 0)
    return np.asarray(aucs.mean(axis=0))


def _interval(scores: Floats, truth: _Marks, folds: Indices, seed: int) -> tuple[float, float]:
    """Return the AUC's 95% interval over tickets of each fold; the classifiers stay as they are."""
    rng = np.random.default_rng(seed)
    drawn = np.empty((len(truth), RESAMPLES), dtype=np.int64)
    for fold in np.unique(folds):
        inside = np.flatnonzero(folds == fold)
        drawn[inside] = rng.choice(inside, (len(inside), RESAMPLES))
    low, high = np.percentile(_auc(scores[drawn], truth[drawn], folds), [2.5, 97.5])
    return float(low), float(high)

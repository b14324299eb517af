"""Fit what tells strange tickets: on the training part; its thresholds on the validation part.

A few tickets in a language teach some of its words, and don't make it known: what is fitted here
goes by the tickets in `known_languages` only.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from tierline.data.rows import Row
from tierline.models.runtime.prediction import Floats, Prediction
from tierline.models.runtime.strangeness import (
    OUT_OF_DISTRIBUTION,
    UNSUPPORTED_LANGUAGE,
    Strangeness,
    unit,
)
from tierline.models.runtime.tokens import text_read
from tierline.models.runtime.wording import Wording

#: Share of tickets like the training's that each score may send to a person.
FALSE_ALARMS: Final = {OUT_OF_DISTRIBUTION: 0.01, UNSUPPORTED_LANGUAGE: 0.005}
#: Tickets whose embeddings are enough for a covariance.
_ENOUGH: Final = 2_500
#: A language is known from this share of the training tickets, or this number of them, on.
_KNOWN_SHARE: Final = 0.05
_KNOWN_TICKETS: Final = 500


def known_languages(rows: Sequence[Row]) -> frozenset[str]:
    """Return the codes of the languages that a training on ``rows`` makes known.

    Those that one row in twenty is said to be in, or 500 are; all, where fewer than half of the
    rows would be left. Rows that name no language are in "", which is always known.
    """
    counts = Counter(map(language_of, rows))
    least = min(_KNOWN_SHARE * len(rows), _KNOWN_TICKETS)
    known = {""} | {code for code, count in counts.items() if count >= least}
    enough = 2 * sum(counts[code] for code in known) >= len(rows)
    return frozenset(known if enough else known | counts.keys())


def language_of(row: Row) -> str:
    """Return the code of the language that a row names, "" for none: ``pt-BR`` counts as ``pt``."""
    code = (row.ticket.language or "").strip().casefold().replace("_", "-")
    return code.partition("-")[0]


def sample(rows: Sequence[Row], seed: int) -> list[Row]:
    """Return the training rows whose embeddings are to be fitted on."""
    if len(rows) <= _ENOUGH:
        return list(rows)
    chosen = np.random.default_rng(seed).choice(len(rows), _ENOUGH, replace=False)
    return [rows[i] for i in sorted(chosen)]


def fit_strangeness(rows: Sequence[Row], embeddings: Floats) -> Strangeness:
    """Fit on the wording of all ``rows``, and on ``embeddings`` (sample, hidden) of some.

    The covariance is shrunk by Ledoit and Wolf's rule (2004), for few tickets.
    """
    fitted = LedoitWolf().fit(unit(embeddings).astype(np.float64))  # float32 loses small variances
    whitening = np.linalg.cholesky(fitted.precision_)
    wording = Wording.fit(text_read(row.ticket) for row in rows)
    mean, whitening = (np.asarray(a, dtype=np.float32) for a in (fitted.location_, whitening))
    return Strangeness(mean, whitening, wording)


def strangeness_thresholds(predictions: Sequence[Prediction]) -> dict[str, float]:
    """Return the threshold of each score, from predictions of the validation part."""
    scores = {name: scores_named(name, predictions) for name in FALSE_ALARMS}
    return {
        name: conformal_quantile(found, FALSE_ALARMS[name])
        for name, found in scores.items()
        if len(found)
    }


def scores_named(name: str, predictions: Sequence[Prediction]) -> NDArray[np.float64]:
    """Return one score of the tickets that have it."""
    return np.array([p.scores[name] for p in predictions if name in p.scores], dtype=np.float64)


def conformal_quantile(scores: NDArray[np.float64], alpha: float) -> float:
    """Return the score that the next ticket like them exceeds with a chance of at most ``alpha``.

    The ⌈(n + 1)(1 - alpha)⌉-th smallest of n scores (Vovk et al. 2005). Where n is too small for
    ``alpha``, the largest: it is exceeded with a chance of 1 / (n + 1) at most.
    """
    rank = min(len(scores), math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9))
    return float(np.sort(scores)[rank - 1])

"""TF-IDF and logistic regression, one model per head: the yardstick of every report.

The bundle's n-gram model (see `ngrams`) is made from it, so both read the same terms. Its
vocabulary is stored in clear: personal data is taken out first, and what only one ticket says
isn't kept.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tierline.data.redact import left_to_learn
from tierline.data.rows import Row
from tierline.models.runtime.ngrams import NOTHING, Term, letter_terms, word_terms
from tierline.models.runtime.tokens import text_read
from tierline.training.targets import ABSENT, HeadLabels

#: Most weights of one kind of n-grams: with very many labels fewer, commoner terms are kept.
_MOST_WEIGHTS: Final = 2**23
_MOST_TERMS: Final = 200_000
#: Of fewer rows than this, letters that two of them share are kept; of more, that three share.
_FEW: Final = 500


class Baseline:
    """Words and word pairs with character n-grams, balanced logistic regression."""

    def __init__(self, heads: Sequence[HeadLabels], rows: Sequence[Row], seed: int) -> None:
        """Fit one model per head on the training rows that answer it."""
        texts = [left_to_learn(text_read(row.ticket)) for row in rows]
        most = min(_MOST_TERMS, _MOST_WEIGHTS // sum(len(h.labels) for h in heads))
        self.words = _fitted(word_terms, 2, most, texts)
        self.letters = _fitted(letter_terms, 2 if len(rows) < _FEW else 3, most, texts)
        matrix = self._matrix(texts)
        self.models = {h.name: _fit(matrix, h.targets(rows), seed) for h in heads}

    def predict(self, head: str, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return label indices, shape (rows,)."""
        matrix = self._matrix([text_read(row.ticket) for row in rows])
        predicted: NDArray[np.int64] = self.models[head].predict(matrix)
        return predicted

    def _matrix(self, texts: Sequence[str]) -> csr_matrix:
        parts = [vectorizer.transform(texts) for vectorizer in (self.words, self.letters)]
        return hstack(parts, format="csr")


def _fitted(
    kind: Callable[[str], list[Term]], least_rows: int, most: int, texts: Sequence[str]
) -> TfidfVectorizer:
    """Return the vectoriser of the terms that at least so many rows have."""
    settings: dict[str, Any] = {
        "analyzer": partial(_terms, kind),
        "sublinear_tf": True,
        "dtype": np.float32,
    }
    try:
        return TfidfVectorizer(min_df=least_rows, max_features=most, **settings).fit(texts)
    except ValueError:  # no term is said twice
        return TfidfVectorizer(vocabulary=NOTHING, **settings).fit(texts)


def _terms(kind: Callable[[str], list[Term]], text: str) -> list[str]:
    return [term for term, _, _ in kind(text)]


def _fit(matrix: csr_matrix, targets: NDArray[np.int64], seed: int) -> LogisticRegression:
    known = targets != ABSENT
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, random_state=seed)
    return model.fit(matrix[known], targets[known])

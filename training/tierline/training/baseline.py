"""TF-IDF and logistic regression, one model per head: the yardstick of every report.

The bundle's n-gram model (see `ngrams`) is made from it, so both read the same terms.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from tierline.data.rows import Row
from tierline.models.runtime.ngrams import Term, letter_terms, word_terms
from tierline.models.runtime.tokens import text_read
from tierline.training.targets import ABSENT, HeadLabels

#: Most weights of one kind of n-grams: with very many labels fewer, commoner terms are kept.
_MOST_WEIGHTS: Final = 2**23
_MOST_TERMS: Final = 200_000
#: Of fewer rows than this every term is kept; of more, those that several rows share.
_FEW: Final = 500


class Baseline:
    """Words and word pairs with character n-grams, balanced logistic regression."""

    def __init__(self, heads: Sequence[HeadLabels], rows: Sequence[Row], seed: int) -> None:
        """Fit one model per head on the training rows that answer it."""
        texts = [text_read(row.ticket) for row in rows]
        most = min(_MOST_TERMS, _MOST_WEIGHTS // sum(len(h.labels) for h in heads))
        rare = len(rows) < _FEW
        self.words = _vectorizer(word_terms, 1 if rare else 2, most)
        self.letters = _vectorizer(letter_terms, 1 if rare else 3, most)
        self.features = FeatureUnion([("words", self.words), ("letters", self.letters)]).fit(texts)
        matrix = self.features.transform(texts)
        self.models = {h.name: _fit(matrix, h.targets(rows), seed) for h in heads}

    def predict(self, head: str, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return label indices, shape (rows,)."""
        matrix = self.features.transform([text_read(row.ticket) for row in rows])
        predicted: NDArray[np.int64] = self.models[head].predict(matrix)
        return predicted


def _vectorizer(
    kind: Callable[[str], list[Term]], least_documents: int, most: int
) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=partial(_terms, kind),
        sublinear_tf=True,
        min_df=least_documents,
        max_features=most,
        dtype=np.float32,
    )


def _terms(kind: Callable[[str], list[Term]], text: str) -> list[str]:
    return [term for term, _, _ in kind(text)]


def _fit(matrix: csr_matrix, targets: NDArray[np.int64], seed: int) -> LogisticRegression:
    known = targets != ABSENT
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, random_state=seed)
    return model.fit(matrix[known], targets[known])

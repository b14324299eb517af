"""The yardstick: TF-IDF and logistic regression, one model per head, always in the report."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.training.targets import ABSENT, HeadLabels


class Baseline:
    """Words and word pairs with character n-grams, balanced logistic regression."""

    def __init__(self, heads: Sequence[HeadLabels], rows: Sequence[Row], seed: int) -> None:
        """Fit one model per head on the training rows that answer it."""
        texts = np.array([full_text(row.ticket) for row in rows], dtype=object)
        features = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)),
                ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3)),
            ]
        )
        self.features = features.fit(texts)
        matrix = self.features.transform(texts)
        self.models = {}
        for head in heads:
            targets = head.targets(rows)
            known = targets != ABSENT
            model = LogisticRegression(
                C=10.0, class_weight="balanced", max_iter=1000, random_state=seed
            )
            self.models[head.name] = model.fit(matrix[known], targets[known])

    def predict(self, head: str, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return label indices, shape (rows,)."""
        matrix = self.features.transform([full_text(row.ticket) for row in rows])
        predicted: NDArray[np.int64] = self.models[head].predict(matrix)
        return predicted

"""Make the table of words that suggest an incident where no model speaks.

    cd data/tickets && python -m tierline.training.incident_words train.jsonl validation.jsonl

Whoever changes the corpus runs it again. Weights come from the training part; the threshold from
the validation part: the highest at which rules and words together catch 90% of the incidents.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tierline.data.corpus import read_rows
from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.redact import left_to_learn
from tierline.data.rows import Row
from tierline.models.runtime.ngrams import NOTHING, Block, NgramModel, word_terms
from tierline.models.runtime.tokens import text_read
from tierline.serving import safety
from tierline.serving.routing.caution import INCIDENTS
from tierline.serving.routing.words import HASTE, TABLE, share

_CAUGHT: Final = 0.90
_LEAST_TICKETS: Final = 5
_C: Final = 30.0


def fit_words(train: Sequence[Row], validation: Sequence[Row]) -> NgramModel:
    """Return the table: a text is suspected whose contributions times its share come to 1.

    Raises:
        InputError: when the rows don't show the incidents apart from other tickets.
    """
    words = TfidfVectorizer(
        analyzer=_terms, min_df=_LEAST_TICKETS, sublinear_tf=True, dtype=np.float32
    )
    matrix = words.fit_transform(left_to_learn(text_read(row.ticket)) for row in train)
    weights, biases = [], []
    for label in INCIDENTS:
        model = LogisticRegression(C=_C, class_weight="balanced", max_iter=1000)
        model.fit(matrix, [row.labels.get("issue_type") == label for row in train])
        weights.append(model.coef_[0])
        biases.append(float(model.intercept_[0]))
    texts = [text_read(row.ticket) for row in validation]
    asked = words.transform(texts).multiply(np.array([[share(text)] for text in texts])).tocsr()
    scores = np.stack([asked @ w + b for w, b in zip(weights, biases, strict=True)])
    missing = _threshold(validation, scores.max(axis=0)) - np.array(biases)
    if (missing <= 0).any():
        raise InputError("expected words that tell incidents from other tickets; found none")
    scaled = (np.stack(weights) / missing[:, None]).T.astype(np.float16)
    terms = tuple(words.get_feature_names_out())
    labels = len(INCIDENTS)
    nothing = Block(NOTHING, np.ones(1, np.float32), np.zeros((1, labels), np.float16))
    return NgramModel((Block(terms, words.idf_.astype(np.float32), scaled), nothing))


def _terms(text: str) -> list[str]:
    return [term for term, _, _ in word_terms(text) if HASTE.isdisjoint(term.split())]


def _threshold(rows: Sequence[Row], scores: NDArray[np.float64]) -> float:
    """Return the highest score at which rules and words catch the share of incidents."""
    incidents = [row.labels.get("issue_type") in INCIDENTS for row in rows]
    by_rules = [bool(safety.check(text_read(row.ticket))) for row in rows]
    pairs = list(zip(incidents, by_rules, scores, strict=True))
    left = sorted((score for incident, hit, score in pairs if incident and not hit), reverse=True)
    wanted = int(np.ceil(_CAUGHT * sum(incidents)))
    caught = sum(incident and hit for incident, hit, _ in pairs)
    return float(left[max(wanted - caught, 1) - 1])


def main() -> None:
    """Fit on the files named, train part first, and write the table where serving reads it."""
    train, validation = map(Path, sys.argv[1:])
    with TemporaryDirectory() as folder, Quarantine(Path(folder) / "bad.jsonl") as quarantine:
        rows = [read_rows([path], {}, quarantine) for path in (train, validation)]
    fit_words(*rows).save(TABLE)


if __name__ == "__main__":
    main()

"""Tickets that the model has, nearly word for word, already seen in training."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, fingerprint, split_of
from tierline.training.report.shown import shown_id

#: Cosine of letter n-grams from which on two tickets count as one: a changed name or number and
#: a greeting more stay above it, two reports of one matter in different words stay below.
SIMILAR: Final = 0.85
_CHUNK: Final = 256


@dataclass(frozen=True)
class Duplicate:
    """An evaluated ticket and the training ticket it resembles; ``similarity`` up to 1 (same).

    ``same_start``: both begin with the same 60 letters and digits (see `fingerprint`).
    """

    id: str | None
    trained_id: str | None
    similarity: float
    same_start: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def training_part(rows: Sequence[Row]) -> list[Row]:
    """Return the rows to compare with: those marked ``train`` where a split column marks any."""
    parts = [split_of(row) for row in rows]
    marked = any(parts)
    return [r for r, p in zip(rows, parts, strict=True) if not marked or p == SPLITS[0]]


def duplicates(rows: Sequence[Row], trained: Sequence[Row]) -> tuple[Duplicate, ...]:
    """Return the evaluated rows that nearly repeat a training row, the most similar first."""
    if not trained:
        return ()
    starts = {fingerprint(row): i for i, row in reversed(list(enumerate(trained)))}
    nearest, similarity = _nearest(rows, trained)
    found = []
    for row, near, score in zip(rows, nearest, similarity, strict=True):
        same = starts.get(fingerprint(row))
        if score >= SIMILAR or same is not None:
            other = trained[near if score >= SIMILAR or same is None else same]
            ids = (shown_id(row.ticket), shown_id(other.ticket))
            found.append(Duplicate(*ids, float(score), same is not None))
    return tuple(sorted(found, key=lambda d: -d.similarity))


def _nearest(rows: Sequence[Row], trained: Sequence[Row]) -> tuple[list[int], list[float]]:
    """Return for every row the position of the likest training row and how like it is, 0 to 1."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=1)
    known = letters.fit_transform([full_text(r.ticket) for r in trained]).T.tocsc()
    asked = letters.transform([full_text(r.ticket) for r in rows])
    places: list[int] = []
    scores: list[float] = []
    for start in range(0, len(rows), _CHUNK):
        like = (asked[start : start + _CHUNK] @ known).tocsr()
        places += np.asarray(like.argmax(axis=1)).reshape(-1).tolist()
        scores += np.minimum(like.max(axis=1).toarray().reshape(-1), 1.0).tolist()
    return places, scores

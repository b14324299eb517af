"""Tickets as word statistics: vectors without a model, and the words that mark one file."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from tierline.data.normalise import full_text
from tierline.data.redact import left_to_learn
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Floats

#: A word is told only when so many different tickets of a file say it: a customer's name or a
#: password is in fewer.
MIN_SAYING: Final = 10
MOST_WORDS: Final = 10
#: Standard errors that a word's two shares must lie apart: one in ten thousand words by chance.
_CLEAR: Final = 4.0
_DIMENSIONS: Final = 128
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class TellingWord:
    """A word and the share of each file's tickets that say it, 0 to 1."""

    word: str
    reference: float
    recent: float

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def word_vectors(tickets: Sequence[Ticket], seed: int) -> Floats:
    """Return latent semantic vectors of the tickets' words, shape (tickets, at most 128).

    TF-IDF of words and pairs of words, reduced by a truncated singular value decomposition. Both
    files' tickets go in together, unmarked, so that a permutation test on the vectors stays exact.
    Digits are no words: dates and ticket numbers differ in every month.
    """
    counts = TfidfVectorizer(
        token_pattern=_WORD.pattern, ngram_range=(1, 2), max_features=50_000, sublinear_tf=True
    )
    try:
        weights = counts.fit_transform([full_text(t) for t in tickets])
        size = min(_DIMENSIONS, min(weights.shape) - 1)
    except ValueError:
        size = 0  # no word anywhere
    if size < 1:
        return np.ones((len(tickets), 1), dtype=np.float32)
    # Shares of no variance, where all tickets are alike.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = TruncatedSVD(size, random_state=seed).fit_transform(weights)
    return np.asarray(found, dtype=np.float32)


def telling_words(
    reference: Sequence[Ticket], recent: Sequence[Ticket]
) -> dict[str, list[TellingWord]]:
    """Return the words that mark each file, the clearest first; personal data is taken out.

    Words of letters only, from the redacted texts, said by at least `MIN_SAYING` tickets. They
    are still words of tickets: they belong in a file that somebody asked for, not in a log.
    """
    words = CountVectorizer(binary=True, analyzer=_WORD.findall)
    try:
        said = words.fit_transform([_readable(t) for t in (*reference, *recent)]).tocsr()
    except ValueError:
        return {}  # no word of three letters anywhere
    sizes = np.array([len(reference), len(recent)])
    counts = np.stack(
        [np.asarray(part.sum(axis=0)).ravel() for part in (said[: sizes[0]], said[sizes[0] :])]
    )
    shares, overall = counts / sizes[:, None], counts.sum(axis=0) / sizes.sum()
    error = np.sqrt(np.maximum(overall * (1 - overall), 1e-12) * (1 / sizes).sum())
    score = (shares[1] - shares[0]) / error
    names = words.get_feature_names_out()
    found = {}
    for place, (name, sign) in enumerate((("reference", -1), ("recent", 1))):
        clear = np.flatnonzero((sign * score >= _CLEAR) & (counts[place] >= MIN_SAYING))
        best = clear[np.argsort(-sign * score[clear], kind="stable")][:MOST_WORDS]
        found[name] = [
            TellingWord(str(names[i]), float(shares[0, i]), float(shares[1, i])) for i in best
        ]
    return found


def _readable(ticket: Ticket) -> str:
    return left_to_learn(full_text(ticket)).casefold()

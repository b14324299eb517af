"""How strange the letters of a text are to the training tickets: what tells a foreign language.

No list of languages is needed: those of the tickets that it was fitted to are the ones that read as
usual. Runs of five letters know a language by its common words and endings, and know typos, names
and new words of that language too, as those share most of their runs with words that were seen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Bytes of letters in UTF-8 from which on a text can be judged: four words, or 7 Chinese letters.
MIN_LETTER_BYTES: Final = 20
_RUN: Final = 5
_BITS: Final = 18
BUCKETS: Final = 1 << _BITS
#: A run that only one ticket has says little, and may be part of somebody's name.
_LEAST_TICKETS: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]+")
#: Two odd constants of 64-bit mixing (splitmix64) make near runs fall far apart.
_STEP, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, eq=False)
class Wording:
    """How many of ``tickets`` have a run, by the run's hash: ``counts`` has shape (BUCKETS,)."""

    counts: NDArray[np.uint32]
    tickets: int

    @classmethod
    def fit(cls, texts: Iterable[str]) -> "Wording":
        """Count the runs of the training tickets' texts."""
        counts = np.zeros(BUCKETS, dtype=np.uint32)
        tickets = 0
        for text in texts:
            counts[np.unique(_runs(text))] += np.uint32(1)
            tickets += 1
        counts[counts < _LEAST_TICKETS] = 0
        return cls(counts, tickets)

    def strangeness(self, text: str) -> float | None:
        """Return the mean of -log(share of training tickets that have the run), 0 and more.

        None for a text with too few letters to judge.
        """
        if not long_enough(text):
            return None
        return float(self._rarity[_runs(text)].mean())

    @cached_property
    def _rarity(self) -> NDArray[np.float64]:
        """Every run's -log(share of training tickets that have it), shape (BUCKETS,)."""
        rarity: NDArray[np.float64] = -np.log((self.counts + 0.5) / (self.tickets + 1.0))
        return rarity


def long_enough(text: str) -> bool:
    """Return whether a text has letters enough to tell its language."""
    read = 0
    for word in _WORD.finditer(text):
        read += len(word[0].encode())
        if read >= MIN_LETTER_BYTES:
            return True
    return False


def _runs(text: str) -> NDArray[np.int64]:
    """Return the hash of every run of five letters, a space between words and at either end."""
    letters = f" {' '.join(_WORD.findall(text.casefold()))} "
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    hashes = np.zeros(max(0, len(codes) - _RUN + 1), dtype=np.uint64)
    for i in range(_RUN if len(hashes) else 0):
        hashes = (hashes ^ (codes[i : i + len(hashes)] + _STEP)) * _MIX
        hashes ^= hashes >> np.uint64(31)
    return (hashes >> np.uint64(64 - _BITS)).astype(np.int64)

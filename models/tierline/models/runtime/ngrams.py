"""A linear model on words and letters beside the encoder: strong on terse and noisy texts.

What it learned is a vocabulary of n-grams with a weight for each label, trained as TF-IDF and
logistic regression. Its logits are added to the encoder's, so the account of an answer stays a sum.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tierline.data.errors import BundleError

_CHUNK: Final = re.compile(r"\S+")
_WORD: Final = re.compile(r"\b\w\w+\b")
_LETTERS: Final = (3, 4, 5)
#: Parts the terms in the file; no term can hold it, as terms hold no line breaks.
_END: Final = "\n"


#: An n-gram at one place of a text, and the first and the last chunk that it lies in. Chunks are
#: the runs of characters between white space, counted from 0.
Term = tuple[str, int, int]


def word_terms(text: str) -> list[Term]:
    """Return the words of two and more letters, lower-cased, and the pairs of neighbours."""
    words = [
        (word, i, i)
        for i, chunk in enumerate(text.lower().split())
        for word in _WORD.findall(chunk)
    ]
    pairs = [(f"{a} {b}", first, last) for (a, first, _), (b, _, last) in pairwise(words)]
    return words + pairs


def _words_and_pairs(text: str) -> list[str]:
    """Return the terms of `word_terms` without their places."""
    words = _WORD.findall(text.lower())
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def letter_terms(text: str) -> list[Term]:
    """Return the runs of 3 to 5 letters of each chunk, lower-cased, a space at either end."""
    return [(run, i, i) for i, chunk in enumerate(text.lower().split()) for run in _runs(chunk)]


def _runs(chunk: str) -> Iterator[str]:
    """Yield every run of 3, 4 and 5 characters, blanks beside; the whole if shorter, once."""
    padded = f" {chunk} "
    for length in _LETTERS:
        yield from (padded[i : i + length] for i in range(max(1, len(padded) - length + 1)))
        if len(padded) <= length:
            return


#: The vocabulary of a kind that nothing was learned of: no text says the empty term.
NOTHING: Final = ("",)
#: The kinds of n-grams, words and letters, each with its own vocabulary and normalised apart.
_KINDS: Final = 2
#: Known n-grams of a text: rows of (place in the vocabulary, first chunk, last chunk).
Known = NDArray[np.int64]
#: So many chunks' runs of letters are kept: texts say the same words again and again. Longer chunks
#: than this come once, and a sender could fill the memory with them.
_CHUNKS_KEPT: Final = 8192
_LONGEST_KEPT: Final = 32


@dataclass(frozen=True)
class Block:
    """What was learned of one kind of n-grams.

    ``idf`` (terms,) are inverse document frequencies, ``weights`` (terms, labels) what a term
    adds to each logit per unit of its normalised TF-IDF.
    """

    terms: tuple[str, ...]
    idf: NDArray[np.float32]
    weights: NDArray[np.float16]


class NgramModel:
    """Answers from the n-grams of a text, with numpy only."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self._blocks = blocks
        self._words, self._letters = ({term: i for i, term in enumerate(b.terms)} for b in blocks)
        # Not a method: a model that holds a cache of its own method would outlive its last user.
        self._known_runs = partial(_known_runs, self._letters)
        self._kept_runs = lru_cache(_CHUNKS_KEPT)(self._known_runs)
        self.labels = blocks[0].weights.shape[1]

    def save(self, path: Path) -> None:
        """Write arrays only: numbers, and the vocabularies as UTF-8."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for i, block in enumerate(self._blocks):
            joined = _END.join(block.terms).encode("utf-8", "surrogatepass")
            arrays[f"terms{i}"] = np.frombuffer(joined, np.uint8)
            arrays[f"idf{i}"], arrays[f"weights{i}"] = block.idf, block.weights
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "NgramModel":
        """Read what `save` wrote; nothing in it can run code.

        Raises:
            BundleError: when the file holds something else.
        """
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                blocks = tuple(_block(file, i) for i in range(_KINDS))
        except (BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError) as error:
            raise BundleError(
                f"{path} is no n-gram model that this version reads ({type(error).__name__}): "
                "train the bundle again with this version of Tierline"
            ) from None
        return cls(blocks)

    def logits(self, text: str) -> NDArray[np.float32]:
        """Return what the whole text adds to each logit, shape (labels,); 0 where nothing is known.

        The sum of its `contributions` within rounding, in half the time.
        """
        words, letters = self._blocks
        total = np.zeros(self.labels, dtype=np.float32)
        places = map(self._words.get, _words_and_pairs(text))
        if said := [place for place in places if place is not None]:
            total += _summed(words, np.array(said, dtype=np.int64))
        runs = self._spelt(text)
        if sum(map(len, runs)):
            total += _summed(letters, np.concatenate(runs))
        return total

    def contributions(self, text: str) -> tuple[list[tuple[int, int]], NDArray[np.float32]]:
        """Return each chunk's place in the text, and what it adds to each logit.

        The contributions have shape (chunks, labels). A pair of words is credited to both by
        halves.
        """
        places = [match.span() for match in _CHUNK.finditer(text)]
        total = np.zeros((len(places), self.labels), dtype=np.float32)
        words, letters = self._blocks
        if len(said := self._said(text)):
            halves = _given(words, said[:, 0]) / 2
            _add(total, np.concatenate([said[:, 1], said[:, 2]]), np.concatenate([halves, halves]))
        runs = self._spelt(text)
        if sum(map(len, runs)):
            lengths = np.fromiter(map(len, runs), np.int64, len(runs))
            chunks = lengths.nonzero()[0]
            starts = (lengths.cumsum() - lengths)[chunks]
            total[chunks] += np.add.reduceat(_given(letters, np.concatenate(runs)), starts, axis=0)
        return places, total

    def _said(self, text: str) -> Known:
        """Return the known words and pairs."""
        index = self._words
        terms = word_terms(text)
        found = [(index[term], first, last) for term, first, last in terms if term in index]
        return np.array(found, dtype=np.int64)

    def _spelt(self, text: str) -> list[NDArray[np.int64]]:
        """Return each chunk's known runs of letters, as places in the vocabulary."""
        return [
            (self._kept_runs if len(chunk) <= _LONGEST_KEPT else self._known_runs)(chunk)
            for chunk in text.lower().split()
        ]


def _known_runs(index: Mapping[str, int], chunk: str) -> NDArray[np.int64]:
    return np.array([index[run] for run in _runs(chunk) if run in index], dtype=np.int64)


def _given(block: Block, known: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what each of the known terms (n,) adds to each logit, shape (n, labels)."""
    terms, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    each = (_tf_idf(block, terms, counts) / counts).astype(np.float32)
    given: NDArray[np.float32] = (each[:, None] * block.weights[terms].astype(np.float32))[place]
    return given


def _summed(block: Block, known: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what the known terms (n,) together add to each logit, shape (labels,)."""
    terms, counts = np.unique(known, return_counts=True)
    values = _tf_idf(block, terms, counts).astype(np.float32)
    return values @ block.weights[terms].astype(np.float32)


def _tf_idf(
    block: Block, terms: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    values = (1 + np.log(counts)) * block.idf[terms]
    return values / np.linalg.norm(values)


def _add(total: NDArray[np.float32], chunks: NDArray[np.int64], given: NDArray[np.float32]) -> None:
    """Add rows of ``given`` to those of ``total`` that ``chunks`` names, which come repeatedly."""
    order = np.argsort(chunks, kind="stable")
    found, starts = np.unique(chunks[order], return_index=True)
    total[found] += np.add.reduceat(given[order], starts, axis=0)


def _block(file: "np.lib.npyio.NpzFile", i: int) -> Block:
    terms = file[f"terms{i}"].tobytes().decode("utf-8", "surrogatepass").split(_END)
    block = Block(tuple(terms), file[f"idf{i}"], file[f"weights{i}"])
    if block.weights.ndim != 2 or not len(terms) == len(block.idf) == len(block.weights):  # noqa: PLR2004
        raise ValueError("vocabulary and weights differ in length")
    return block

"""Answer with a bundle: onnxruntime, tokenizers and numpy, nothing else."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tierline.data.errors import BundleError
from tierline.data.ticket import Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.calibration import decide, softmax
from tierline.models.runtime.manifest import NGRAMS, STRANGENESS, TOKENIZER, Head, Manifest
from tierline.models.runtime.ngrams import NgramModel
from tierline.models.runtime.prediction import Floats, HeadPrediction, Prediction
from tierline.models.runtime.strangeness import Strangeness
from tierline.models.runtime.tokens import TicketTokenizer, Tokens

#: The graph's outputs: what each token adds to each logit, and the mean of the last states.
CONTRIBUTIONS: Final = "contributions"
EMBEDDING: Final = "embedding"


class _Run(NamedTuple):
    """What one ticket gives: ``logits`` (labels,), and what each place of the text adds to them.

    ``offsets`` and ``contributions`` (places, labels) are those of the encoder's tokens, then those
    of the n-gram model's chunks. ``embedding`` (hidden,) is absent in older bundles.
    """

    logits: Floats
    offsets: list[tuple[int, int]]
    contributions: Floats
    embedding: Floats | None


class Predictor:
    """A bundle, ready to answer.

    Every ticket is computed alone, on one thread, and several tickets at a time on several
    threads. So a ticket's answer can't depend on its company: int8 graphs quantise their
    activations by the range seen in a whole batch, and padding would change that range.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.manifest: Manifest = bundle.manifest
        self.version = bundle.manifest.version
        self._tokenizer = TicketTokenizer(bundle.folder / TOKENIZER, self.manifest.max_tokens)
        self._session = _session(bundle.folder / self.manifest.serves)
        has_ngrams = NGRAMS in self.manifest.files
        self._ngrams = NgramModel.load(bundle.folder / NGRAMS) if has_ngrams else None
        has_scores = STRANGENESS in self.manifest.files
        self._strangeness = Strangeness.load(bundle.folder / STRANGENESS) if has_scores else None
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._bias = np.asarray(self.manifest.bias, dtype=np.float32)
        if self._ngrams and self._ngrams.labels != len(self._bias):
            raise BundleError(
                f"expected an n-gram model for {len(self._bias)} labels; {NGRAMS} has "
                f"{self._ngrams.labels}: train the bundle again"
            )
        self._columns = head_columns(self.manifest.heads)
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, "tierline-predict")

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "Predictor":
        """Verify the bundle in ``folder`` and load it.

        Raises:
            BundleError: when the bundle is missing, altered or no working model.
        """
        return cls(Bundle.load(folder), threads)

    def predict(self, tickets: Sequence[Ticket]) -> list[Prediction]:
        """Return one prediction per ticket, in order; a single one on the caller's thread."""
        if len(tickets) == 1:
            return [self._predict_one(tickets[0])]
        return list(self._pool.map(self._predict_one, tickets))

    def logits(self, tickets: Iterable[Ticket]) -> Floats:
        """Return uncalibrated logits, shape (tickets, labels of all heads in order)."""
        run = self._pool.map(lambda t: self._run(self._tokenizer(t)).logits, tickets)
        return np.stack(list(run))

    def embeddings(self, tickets: Iterable[Ticket]) -> Floats:
        """Return the encoder's mean state of every ticket, shape (tickets, hidden).

        Raises:
            BundleError: when the bundle was trained before graphs gave it.
        """
        if EMBEDDING not in self._outputs:
            raise BundleError(
                f"expected a graph with the output {EMBEDDING!r}; {self.version} was trained by an "
                "earlier version of Tierline. Train the bundle again"
            )
        found = list(self._pool.map(lambda t: self._run(self._tokenizer(t)).embedding, tickets))
        hidden = self._session.get_outputs()[self._outputs.index(EMBEDDING)].shape[-1]
        return np.asarray(found, dtype=np.float32).reshape(len(found), hidden)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _predict_one(self, ticket: Ticket) -> Prediction:
        tokens = self._tokenizer(ticket)
        run = self._run(tokens)
        return Prediction(
            heads={h.name: _answer(h, run.logits[c]) for h, c in self._columns},
            truncated=tokens.truncated,
            model_version=self.version,
            thresholds=self.manifest.thresholds,
            text=tokens.text,
            offsets=tuple(run.offsets),
            contributions=run.contributions,
            bias=self._bias,
            embedding=run.embedding,
            scores=self._scores(tokens.text, run.embedding),
        )

    def _scores(self, text: str, embedding: Floats | None) -> dict[str, float]:
        """Return how strange the ticket is; nothing in bundles trained before that was fitted."""
        if self._strangeness is None or embedding is None:
            return {}
        return self._strangeness.scores(text, embedding)

    def _run(self, tokens: Tokens) -> "_Run":
        """Ask the graph, and the n-gram model where the bundle has one."""
        ids = np.asarray([tokens.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        found = dict(zip(self._outputs, self._session.run(self._outputs, feed), strict=True))
        offsets, contributions = tokens.offsets, found[CONTRIBUTIONS][0]
        if self._ngrams:
            places, more = self._ngrams.contributions(tokens.text)
            offsets, contributions = offsets + places, np.concatenate([contributions, more])
        logits, embedding = contributions.sum(axis=0) + self._bias, found.get(EMBEDDING)
        return _Run(logits, offsets, contributions, None if embedding is None else embedding[0])


def head_columns(heads: Sequence[Head]) -> tuple[tuple[Head, slice], ...]:
    """Return each head with the columns of the logits that are its own."""
    return tuple(zip(heads, column_slices([len(h.labels) for h in heads]), strict=True))


def column_slices(sizes: Sequence[int]) -> Iterator[slice]:
    """Yield consecutive slices of the given sizes."""
    return (slice(a, b) for a, b in pairwise(accumulate(sizes, initial=0)))


def _answer(head: Head, logits: NDArray[np.float32]) -> HeadPrediction:
    probabilities = softmax(logits, head.temperature)
    best = int(decide(probabilities, head.quantile))
    by_name = {n: round(float(p), 6) for n, p in zip(head.labels, probabilities, strict=True)}
    return HeadPrediction(head.labels[best], by_name[head.labels[best]], by_name, head.quantile)


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise BundleError(
            f"{path} passed its hash but is no graph that this onnxruntime loads "
            f"({type(error).__name__}): train the bundle again or update onnxruntime"
        ) from None

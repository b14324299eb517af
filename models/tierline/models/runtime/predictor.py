"""Answer with a bundle: onnxruntime, tokenizers and numpy, nothing else."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import onnxruntime as ort

from tierline.data.errors import BundleError
from tierline.data.ticket import Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.fast import FastStage
from tierline.models.runtime.heads import answer, head_columns
from tierline.models.runtime.manifest import NGRAMS, STRANGENESS, TOKENIZER
from tierline.models.runtime.ngrams import NgramModel
from tierline.models.runtime.prediction import Account, Floats, Prediction
from tierline.models.runtime.strangeness import Strangeness, is_strange
from tierline.models.runtime.tokens import TicketTokenizer, Tokens

#: The graph's outputs: what each token adds to each logit, and the mean of the last states.
CONTRIBUTIONS: Final = "contributions"
EMBEDDING: Final = "embedding"
_TURN_SECONDS: Final = 0.0005


class _Run(NamedTuple):
    """What the encoder makes of one ticket, and the n-grams' logits added.

    ``logits`` (labels,), what each token adds to the encoder's (tokens, labels), and ``embedding``
    (hidden,), absent in older bundles.
    """

    logits: Floats
    by_token: Floats
    embedding: Floats | None


class Predictor:
    """A bundle, ready to answer.

    Every ticket is computed alone, on one thread, and several tickets at a time on several
    threads. So a ticket's answer can't depend on its company: int8 graphs quantise their
    activations by the range seen in a whole batch, and padding would change that range.

    Loading one has threads of this process take turns sooner: a thread whose graph is done needs
    Python's lock, and would wait up to 5 ms for another that doesn't let go of it.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.folder, self.manifest = bundle.folder, bundle.manifest
        self.version = bundle.manifest.version
        self._tokenizer = TicketTokenizer(bundle.folder / TOKENIZER, self.manifest.max_tokens)
        self._session = _session(bundle.folder / self.manifest.serves)
        has_ngrams = NGRAMS in self.manifest.files
        self._ngrams = NgramModel.load(bundle.folder / NGRAMS) if has_ngrams else None
        has_scores = STRANGENESS in self.manifest.files
        self._strangeness = Strangeness.load(bundle.folder / STRANGENESS) if has_scores else None
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._bias = np.asarray(self.manifest.bias, dtype=np.float32)
        self._names = tuple((h.name, label) for h in self.manifest.heads for label in h.labels)
        if self._ngrams and self._ngrams.labels != len(self._bias):
            raise BundleError(
                f"expected an n-gram model for {len(self._bias)} labels; {NGRAMS} has "
                f"{self._ngrams.labels}: train the bundle again"
            )
        scales = self.manifest.ngram_scales
        self._scales = np.float32(1) if scales is None else np.asarray(scales, dtype=np.float32)
        fast = self.manifest.fast
        self._fast = FastStage(self.manifest, fast) if fast else None
        self._columns = head_columns(self.manifest.heads)
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_SECONDS))
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, "tierline-predict")

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "Predictor":
        """Verify the bundle in ``folder`` and load it.

        Raises:
            BundleError: when the bundle is missing, altered or no working model.
        """
        return cls(Bundle.load(folder), threads)

    def predict(self, tickets: Sequence[Ticket], *, whole: bool = False) -> list[Prediction]:
        """Return one prediction per ticket, in order; a single one on the caller's thread.

        ``whole``: the encoder answers all, also those that the bundle leaves to its n-grams.
        """
        one = partial(self._predict_one, whole=whole)
        if len(tickets) == 1:
            return [one(tickets[0])]
        return list(self._pool.map(one, tickets))

    def logits(self, tickets: Iterable[Ticket]) -> Floats:
        """Return the whole model's uncalibrated logits: (tickets, labels of all heads in order)."""
        run = self._pool.map(lambda t: self._whole(t).logits, tickets)
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
        found = list(self._pool.map(lambda t: self._whole(t).embedding, tickets))
        hidden = self._session.get_outputs()[self._outputs.index(EMBEDDING)].shape[-1]
        return np.asarray(found, dtype=np.float32).reshape(len(found), hidden)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _predict_one(self, ticket: Ticket, *, whole: bool) -> Prediction:
        tokens = self._tokenizer(ticket)
        said = self._said(tokens)
        fast = None if whole else self._answered_fast(tokens, said)
        return fast or self._answered_whole(tokens, said)

    def _answered_fast(self, tokens: Tokens, said: Floats) -> Prediction | None:
        """Return the n-grams' answer to what they know and that is plain, None for the rest."""
        if self._fast is None or tokens.truncated or not said.any():
            return None
        heads = self._fast.answer(said + self._fast.bias)
        scores = self._strangeness.language(tokens.text) if self._strangeness else {}
        if heads is None or is_strange(scores, self.manifest.thresholds):
            return None
        return Prediction(
            heads=heads,
            truncated=False,
            model_version=self.version,
            thresholds=self.manifest.thresholds,
            text=tokens.text,
            account=Account(self._names, self._fast.bias, cache(partial(self._by_chunk, tokens))),
            scores=scores,
            stage="ngrams",
        )

    def _answered_whole(self, tokens: Tokens, said: Floats) -> Prediction:
        run = self._run(tokens, said)
        scores = {}
        if self._strangeness is not None and run.embedding is not None:
            scores = self._strangeness.scores(tokens.text, run.embedding)
        pieces = cache(partial(self._by_piece, tokens, run.by_token))
        return Prediction(
            heads={h.name: answer(h, run.logits[c]) for h, c in self._columns},
            truncated=tokens.truncated,
            model_version=self.version,
            thresholds=self.manifest.thresholds,
            text=tokens.text,
            account=Account(self._names, self._bias, pieces),
            embedding=run.embedding,
            scores=scores,
        )

    def _said(self, tokens: Tokens) -> Floats:
        """Return the n-gram model's unscaled logits; 0 in a bundle without one."""
        if self._ngrams is None:
            return np.zeros_like(self._bias)
        return self._ngrams.logits(tokens.text)

    def _by_chunk(self, tokens: Tokens) -> tuple[list[tuple[int, int]], Floats]:
        """Return the chunks' places, and what the n-grams say of each, unscaled."""
        if self._ngrams is None:
            return [], np.zeros((0, len(self._bias)), dtype=np.float32)
        return self._ngrams.contributions(tokens.text)

    def _by_piece(self, tokens: Tokens, by_token: Floats) -> tuple[list[tuple[int, int]], Floats]:
        """Return the places of tokens, then chunks, and what each adds to the whole's logits."""
        places, more = self._by_chunk(tokens)
        return tokens.offsets + places, np.concatenate([by_token, more * self._scales])

    def _whole(self, ticket: Ticket) -> _Run:
        tokens = self._tokenizer(ticket)
        return self._run(tokens, self._said(tokens))

    def _run(self, tokens: Tokens, said: Floats) -> _Run:
        """Ask the graph, and add what the n-grams say."""
        ids = np.asarray([tokens.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        found = dict(zip(self._outputs, self._session.run(self._outputs, feed), strict=True))
        by_token, embedding = found[CONTRIBUTIONS][0], found.get(EMBEDDING)
        logits = by_token.sum(axis=0) + said * self._scales + self._bias
        return _Run(logits, by_token, None if embedding is None else embedding[0])


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

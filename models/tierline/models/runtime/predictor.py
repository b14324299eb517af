"""Answer with a bundle: onnxruntime, tokenizers and numpy, nothing else."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from tierline.data.errors import BundleError
from tierline.data.ticket import Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.fast import FastStage
from tierline.models.runtime.graph import EMBEDDING, Device, Encoded, Graph
from tierline.models.runtime.heads import answer, head_columns
from tierline.models.runtime.manifest import NGRAMS, STRANGENESS, TOKENIZER
from tierline.models.runtime.ngrams import NgramModel
from tierline.models.runtime.prediction import Account, Floats, Prediction
from tierline.models.runtime.strangeness import Strangeness, is_strange
from tierline.models.runtime.tokens import TicketTokenizer, Tokens

_TURN_SECONDS: Final = 0.0005
#: A ticket's tokens, what the n-grams say of it, and their answer where they give one.
Read = tuple[Tokens, Floats, Prediction | None]


class Predictor:
    """A bundle, ready to answer.

    A ticket's answer can't depend on its company, see `Graph`. On a processor every ticket is
    computed alone, on one thread, and several tickets at a time on several threads.

    Loading one has threads of this process take turns sooner: a thread whose graph is done needs
    Python's lock, and would wait up to 5 ms for another that doesn't let go of it.
    """

    def __init__(
        self, bundle: Bundle, threads: int | None = None, device: Device = Device.CPU
    ) -> None:
        self.folder, self.manifest = bundle.folder, bundle.manifest
        self.version = bundle.manifest.version
        self._tokenizer = TicketTokenizer(bundle.folder / TOKENIZER, self.manifest.max_tokens)
        self._graph = Graph(bundle.folder, self.manifest, device)
        self.device = device
        has_ngrams = NGRAMS in self.manifest.files
        self._ngrams = NgramModel.load(bundle.folder / NGRAMS) if has_ngrams else None
        has_scores = STRANGENESS in self.manifest.files
        self._strangeness = Strangeness.load(bundle.folder / STRANGENESS) if has_scores else None
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
    def load(
        cls, folder: Path, threads: int | None = None, device: Device = Device.CPU
    ) -> "Predictor":
        """Verify the bundle in ``folder`` and load it.

        Raises:
            BundleError: when the bundle is missing, altered or no working model.
            InputError: when there is no such device.
        """
        return cls(Bundle.load(folder), threads, device)

    def predict(self, tickets: Sequence[Ticket], *, whole: bool = False) -> list[Prediction]:
        """Return one prediction per ticket, in order; a single one on the caller's thread.

        ``whole``: the encoder answers all, also those that the bundle leaves to its n-grams.
        """
        # Not on the pool: what is read holds Python's lock, and threads would wait for each other.
        read = (self._read(ticket, whole=whole) for ticket in tickets)
        if self.device is Device.CUDA:
            return self._encode_together(list(read))
        if len(tickets) == 1:
            return [fast or self._encode(tokens, said) for tokens, said, fast in read]
        found = [
            fast or self._pool.submit(self._encode, tokens, said) for tokens, said, fast in read
        ]
        return [f.result() if isinstance(f, Future) else f for f in found]

    def logits(self, tickets: Iterable[Ticket]) -> Floats:
        """Return the whole model's uncalibrated logits: (tickets, labels of all heads in order)."""
        return np.stack(list(self._pool.map(self._whole, tickets)))

    def embeddings(self, tickets: Iterable[Ticket]) -> Floats:
        """Return the encoder's mean state of every ticket, shape (tickets, hidden).

        Raises:
            BundleError: when the bundle was trained before graphs gave it.
        """
        if EMBEDDING not in self._graph.outputs:
            raise BundleError(
                f"expected a graph with the output {EMBEDDING!r}; {self.version} was trained by an "
                "earlier version of Tierline. Train the bundle again"
            )
        found = list(self._pool.map(lambda t: self._graph(self._tokenizer(t).ids), tickets))
        embeddings = np.asarray([encoded.embedding for encoded in found], dtype=np.float32)
        return embeddings.reshape(len(found), self._graph.outputs[EMBEDDING])

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _encode(self, tokens: Tokens, said: Floats) -> Prediction:
        return self._answered_whole(tokens, said, self._graph(tokens.ids))

    def _encode_together(self, read: Sequence[Read]) -> list[Prediction]:
        left = [tokens.ids for tokens, _, fast in read if fast is None]
        encoded = iter(self._graph.many(left))
        return [
            fast or self._answered_whole(tokens, said, next(encoded)) for tokens, said, fast in read
        ]

    def _read(self, ticket: Ticket, *, whole: bool) -> Read:
        """Return the tokens, what the n-grams say, and their answer where they give one."""
        tokens = self._tokenizer(ticket)
        said = self._said(tokens)
        return tokens, said, None if whole else self._answered_fast(tokens, said)

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

    def _answered_whole(self, tokens: Tokens, said: Floats, encoded: Encoded) -> Prediction:
        logits = self._logits(said, encoded)
        scores = {}
        if self._strangeness is not None and encoded.embedding is not None:
            scores = self._strangeness.scores(tokens.text, encoded.embedding)
        pieces = cache(partial(self._by_piece, tokens, encoded.by_token))
        return Prediction(
            heads={h.name: answer(h, logits[c]) for h, c in self._columns},
            truncated=tokens.truncated,
            model_version=self.version,
            thresholds=self.manifest.thresholds,
            text=tokens.text,
            account=Account(self._names, self._bias, pieces),
            embedding=encoded.embedding,
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

    def _whole(self, ticket: Ticket) -> Floats:
        """Return one ticket's uncalibrated logits."""
        tokens = self._tokenizer(ticket)
        return self._logits(self._said(tokens), self._graph(tokens.ids))

    def _logits(self, said: Floats, encoded: Encoded) -> Floats:
        """Add up what the encoder and the n-grams say: (labels,)."""
        total: Floats = encoded.by_token.sum(axis=0) + said * self._scales + self._bias
        return total

"""What a model says about one ticket, and which words made it say so."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tierline.models.runtime.calibration import decide

Floats = NDArray[np.float32]
#: What answered a ticket.
Stage = Literal["ngrams", "encoder"]


@dataclass(frozen=True)
class TokenContribution:
    """What one piece of the text added to a label's logit: a token, or a run without spaces.

    ``start`` and ``end`` index the text read.
    """

    token: str
    start: int
    end: int
    value: float


@dataclass(frozen=True)
class Evidence:
    """The exact account of one label's logit: ``bias`` plus every token's contribution.

    The encoder pools by the mean, its head and the n-gram model are linear, so the account is
    complete: the contributions and the bias add up to ``logit`` (within rounding of float32).
    Logits are centred within their head: 0 means neither for nor against the label.
    """

    label: str
    bias: float
    logit: float
    tokens: tuple[TokenContribution, ...]

    def words(self, most: int = 3) -> tuple[str, ...]:
        """Return the text of the words that spoke most for the label, strongest first."""
        merged: list[tuple[str, int, float]] = []
        for t in sorted(self.tokens, key=lambda t: (t.start, -t.end)):
            if t.end <= t.start:
                continue
            if merged and merged[-1][1] >= t.start:
                word, end, value = merged.pop()
                merged.append((word + t.token[end - t.start :], max(end, t.end), value + t.value))
            else:
                merged.append((t.token, t.end, t.value))
        ranked = sorted((m for m in merged if m[2] > 0 and any(map(str.isalnum, m[0]))), key=_value)
        return tuple(dict.fromkeys(word for word, _, _ in ranked))[:most]


@dataclass(frozen=True, eq=False)
class Account:
    """What the pieces of a text added to each logit; ``pieces`` are worked out when asked for.

    ``columns`` names each column's head and label, ``bias`` (columns,) belongs to no piece.
    ``pieces`` returns each piece's place in the text, (0, 0) for none, and the contributions
    (pieces, columns).
    """

    columns: Sequence[tuple[str, str]]
    bias: Floats
    pieces: Callable[[], tuple[Sequence[tuple[int, int]], Floats]]


def _value(word: tuple[str, int, float]) -> float:
    return -word[2]


@dataclass(frozen=True)
class HeadPrediction:
    """One head's answer: ``probabilities`` by label, calibrated, adding up to 1.

    To less than 1 where labels were taken out: see `Prediction.without`. ``quantile`` is the
    head's, by which the label was chosen: see `decide`.
    """

    label: str
    confidence: float
    probabilities: Mapping[str, float]
    quantile: float | None = None


@dataclass(frozen=True)
class Prediction:
    """A model's answer about one ticket.

    ``truncated`` says that the middle of the text was too long to be read. ``thresholds`` are
    the bundle's learned ones, by name. ``account`` is of ``text``, the text read; use `evidence`
    for it. ``embedding`` (hidden,) is the encoder's mean state,
    None from a bundle trained before graphs gave it. ``scores`` say how strange the ticket is, by
    the name of the threshold above which it is too strange to trust the answer. ``stage`` says what
    answered: the encoder, or the n-grams alone (see `FastStage`), which have no embedding.
    """

    heads: Mapping[str, HeadPrediction]
    truncated: bool
    model_version: str
    thresholds: Mapping[str, float] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    account: Account | None = field(default=None, repr=False, compare=False)
    embedding: Floats | None = field(default=None, repr=False, compare=False)
    scores: Mapping[str, float] = field(default_factory=dict)
    stage: Stage = "encoder"

    def evidence(self, head: str, label: str | None = None) -> Evidence:
        """Return the account of a label's logit (of the predicted label by default).

        Raises:
            KeyError: for a head or label that the model doesn't have.
        """
        said = self.heads[head]
        label = label or said.label
        if label not in said.probabilities:
            raise KeyError(label)
        if self.account is None:
            return Evidence(label, 0.0, 0.0, ())
        column = self.account.columns.index((head, label))
        places, contributions = self.account.pieces()
        values, bias = contributions[:, column], float(self.account.bias[column])
        tokens = tuple(
            TokenContribution(self.text[a:b], a, b, float(v))
            for (a, b), v in zip(places, values, strict=True)
        )
        return Evidence(label, bias, bias + float(values.sum()), tokens)

    def without(self, labels: Mapping[str, Collection[str]]) -> "Prediction":
        """Return the answer as if it had never named the given labels, by head.

        Of those that remain the one that `decide` answers stands, at the probability that the model
        gave it: what it gave to the others is doubt, and isn't dealt out. A head is left out when
        it has nothing left to say.
        """
        left = {h: _left(p, labels.get(h, ())) for h, p in self.heads.items()}
        if all(left[h] is p for h, p in self.heads.items()):
            return self
        return replace(self, heads={h: p for h, p in left.items() if p})


def _left(head: HeadPrediction, labels: Collection[str]) -> HeadPrediction | None:
    if not any(name in labels for name in head.probabilities):
        return head
    kept = {name: p for name, p in head.probabilities.items() if name not in labels}
    label = head.label if head.label in kept else _first(kept, head.quantile)
    if kept.get(label, 0.0) <= 0:
        return None
    return HeadPrediction(label, kept[label], kept, head.quantile)


def _first(kept: Mapping[str, float], quantile: float | None) -> str:
    """Return the label that answers of those that are left, empty for none."""
    shares = np.array(list(kept.values()), dtype=np.float64)
    if not shares.sum() > 0:
        return ""
    return list(kept)[int(decide(shares / shares.sum(), quantile))]

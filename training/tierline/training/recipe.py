"""The recipe of a training run: every setting with its meaning, and its default."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tierline.models.encoder import DEFAULT_ENCODER

#: How many tokens to learn from in all, where the passes over them are neither few nor many.
_TOKENS: Final = 1_300_000
_PASSES: Final = (2, 12)
#: Few tickets are learnt from in smaller steps, so that there are at least so many.
_STEPS: Final = 400
_BATCHES: Final = (32, 16, 8)
#: With fewer validation tickets the score of an epoch is mostly chance.
FEWEST_TO_CHOOSE_BY: Final = 250
#: With so many labels, and fewer tickets than this of each on average, few layers learn.
_MANY_LABELS: Final = 20
_FEW_TICKETS: Final = 40
_FROZEN: Final = (1 / 3, 5 / 6)


@dataclass(frozen=True)
class Recipe:
    """Settings of one fine-tuning.

    Attributes:
        encoder: the default encoder's name, a hub id, or a folder.
        max_tokens: longest input; of longer tickets the head and the tail are read.
        frozen_share: share of the encoder's layers, from the lowest up and rounded down, that
            stay as they were pre-trained: their output is computed once, which saves nearly
            that share of the training time; None: by the labels, see `frozen_share_for`.
        stripped_share: share of the training tickets read without capitals, punctuation and
            digits, as anonymised exports come (see `augment`).
        pleading_share: share of the training tickets that have a severity read with words that
            ask for haste or rank.
        epochs: most passes over the training part; None: by its size, see `epochs_for`.
        patience: epochs without a better validation score before stopping; with fewer than
            `FEWEST_TO_CHOOSE_BY` validation tickets all are trained, and the last one is kept.
        batch_size: tickets per step; None: by the size of the training part, see `batch_for`.
        encoder_lr: peak learning rate of the encoder (linear warm-up, then linear decay).
        head_lr: peak learning rate of the new heads.
        weight_decay: AdamW's decoupled decay.
        warmup: share of all steps used to warm up.
        ordinal_sharpness: how fast a severity's target falls off with distance (see `losses`).
        too_mild_cost: what each level that a severity is rated too mild costs where each level
            too grave costs 1: the answers' expected cost is kept least (see `decide`).
        label_smoothing: share of the target spread evenly, on the heads that aren't ordinal.
        alpha: share of P1, data-loss and breach tickets that the whole decision may be expected to
            route below tier 3 (see `certify`).
        fast_risk: share of the tickets that the fast stage may be expected to get wrong where
            the encoder is right, in each head (see `fast`); None: no fast stage.
        seed: seeds every random choice.
    """

    encoder: str = DEFAULT_ENCODER
    max_tokens: int = 192
    frozen_share: float | None = None
    stripped_share: float = 0.15
    pleading_share: float = 0.1
    epochs: int | None = None
    patience: int = 2
    batch_size: int | None = None
    encoder_lr: float = 2e-4
    head_lr: float = 2e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    ordinal_sharpness: float = 2.0
    too_mild_cost: float = 2.0
    label_smoothing: float = 0.05
    alpha: float = 0.02
    fast_risk: float | None = None
    seed: int = 13


def epochs_for(tokens: int) -> int:
    """Return how often to pass over a training part of so many tokens.

    A small part is passed over more often than a large one, so that both take about as many
    steps: 12 times at most, twice at least.
    """
    least, most = _PASSES
    return min(most, max(least, round(_TOKENS / max(1, tokens))))


def batch_for(tickets: int, epochs: int) -> int:
    """Return how many tickets to learn from in a step: 32, or 16 or 8 where they are few."""
    return next((b for b in _BATCHES if tickets * epochs >= _STEPS * b), _BATCHES[-1])


def frozen_share_for(tickets: Sequence[Sequence[int]]) -> float:
    """Return which share of the encoder's layers to leave as they are.

    ``tickets`` says of every head how many tickets each of its labels has to be learnt from. A
    third; but five sixths where every head has many labels with few tickets each. Such labels are
    topics, which the encoder tells apart as it comes and unlearns in part when most of it moves.
    """
    usual, most = _FROZEN
    many = all(
        len(labels) >= _MANY_LABELS and sum(labels) < _FEW_TICKETS * len(labels)
        for labels in tickets
    )
    return most if many else usual

"""Batches of tickets of like length, so that little is computed on padding."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

#: Tickets of like length are looked for among a fifth of all batches' worth, but among this many
#: at least and at most. Of what is computed for the seed corpus 2% is padding (8% with 24 batches);
#: in one pool with all of a small set the same tickets always met, and it was learnt worse.
_POOLED: Final = (24, 96)
_POOLS: Final = 5


@dataclass(frozen=True)
class Batch:
    """``inputs`` and ``attention_mask`` (batch, tokens), and the rows' positions (batch,).

    ``inputs`` are token ids, or states of shape (batch, tokens, hidden).
    """

    inputs: Tensor
    attention_mask: Tensor
    rows: Tensor


def collate(items: Sequence[Tensor], rows: Sequence[int]) -> Batch:
    """Pad the named rows, each (tokens,) or (tokens, hidden), to the longest of them."""
    chosen = [items[r] for r in rows]
    lengths = torch.tensor([len(item) for item in chosen])
    inputs = pad_sequence(chosen, batch_first=True)
    mask = (torch.arange(inputs.shape[1]) < lengths[:, None]).long()
    return Batch(inputs, mask, torch.tensor(rows))


def shuffled(items: Sequence[Tensor], size: int, rng: random.Random) -> Iterator[Batch]:
    """Yield all rows once, in random order, batched with rows of like length."""
    order = list(range(len(items)))
    rng.shuffle(order)
    batches = []
    least, most = _POOLED
    pooled = size * min(most, max(least, len(items) // size // _POOLS))
    for start in range(0, len(order), pooled):
        pool = sorted(order[start : start + pooled], key=lambda r: len(items[r]))
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    yield from (collate(items, rows) for rows in batches)


def in_length_order(items: Sequence[Tensor], size: int) -> Iterator[Batch]:
    """Yield all rows once, shortest first: for evaluation."""
    order = sorted(range(len(items)), key=lambda r: len(items[r]))
    yield from (collate(items, order[i : i + size]) for i in range(0, len(order), size))

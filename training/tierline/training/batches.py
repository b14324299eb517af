"""Batches of tickets of like length, so that little is computed on padding."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_POOL_BATCHES: Final = 24


@dataclass(frozen=True)
class Batch:
    """``input_ids`` and ``attention_mask`` (batch, tokens), and the rows' positions (batch,)."""

    input_ids: Tensor
    attention_mask: Tensor
    rows: Tensor


def collate(ids: Sequence[list[int]], rows: Sequence[int]) -> Batch:
    """Pad the named rows to the longest of them."""
    longest = max(len(ids[r]) for r in rows)
    input_ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, r in enumerate(rows):
        input_ids[i, : len(ids[r])] = torch.tensor(ids[r])
        mask[i, : len(ids[r])] = 1
    return Batch(input_ids, mask, torch.tensor(rows))


def shuffled(ids: Sequence[list[int]], size: int, rng: random.Random) -> Iterator[Batch]:
    """Yield all rows once, in random order, batched with rows of like length."""
    order = list(range(len(ids)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), size * _POOL_BATCHES):
        pool = sorted(order[start : start + size * _POOL_BATCHES], key=lambda r: len(ids[r]))
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    yield from (collate(ids, rows) for rows in batches)


def in_length_order(ids: Sequence[list[int]], size: int) -> Iterator[Batch]:
    """Yield all rows once, shortest first: for evaluation."""
    order = sorted(range(len(ids)), key=lambda r: len(ids[r]))
    yield from (collate(ids, order[i : i + size]) for i in range(0, len(order), size))

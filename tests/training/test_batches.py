"""Every row is in one batch, with rows of like length."""

import random
from itertools import chain

import torch
from hypothesis import given
from hypothesis import strategies as st

from tierline.training.batches import Batch, collate, in_length_order, shuffled


def token_lists(lengths: list[int]) -> list[torch.Tensor]:
    return [torch.full((length,), 100 + i) for i, length in enumerate(lengths)]


def rows(batches: list[Batch]) -> list[int]:
    return list(chain.from_iterable(b.rows.tolist() for b in batches))


lengths = st.lists(st.integers(1, 9), max_size=60)


@given(lengths, st.integers(1, 8), st.integers())
def test_every_row_comes_exactly_once(sizes: list[int], batch_size: int, seed: int) -> None:
    ids = token_lists(sizes)
    for batches in (
        list(shuffled(ids, batch_size, random.Random(seed))),  # noqa: S311
        list(in_length_order(ids, batch_size)),
    ):
        assert sorted(rows(batches)) == list(range(len(ids)))
        assert len(batches) == -(-len(ids) // batch_size)
        for batch in batches:
            for row, tokens, mask in zip(
                batch.rows.tolist(), batch.inputs, batch.attention_mask, strict=True
            ):
                assert tokens[mask == 1].tolist() == ids[row].tolist()
                assert not tokens[mask == 0].any()


def test_padding_fills_up_to_the_longest_only() -> None:
    batch = collate(token_lists([3, 1, 5]), [0, 1])
    assert batch.inputs.shape == (2, 3)
    assert batch.attention_mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_like_lengths_come_together() -> None:
    rng = random.Random(2)  # noqa: S311
    ids = token_lists([rng.randint(2, 190) for _ in range(800)])
    needed = sum(map(len, ids))
    computed = sum(b.inputs.numel() for b in shuffled(ids, 32, rng))
    assert computed < 1.1 * needed
    in_order = [b.inputs.shape[1] for b in in_length_order(ids, 32)]
    assert in_order == sorted(in_order)


def test_the_order_follows_the_seed() -> None:
    ids = token_lists([1 + i % 7 for i in range(200)])
    first, again, other = (
        rows(list(shuffled(ids, 16, random.Random(seed))))  # noqa: S311
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert torch.tensor(first).diff().abs().float().mean() > 10


def test_the_tickets_of_a_small_set_meet_others_in_the_next_pass() -> None:
    items = [torch.zeros(length) for length in range(1, 2_001)]
    rng = random.Random(1)  # noqa: S311
    first, second = ({frozenset(b.rows.tolist()) for b in shuffled(items, 32, rng)} for _ in "ab")
    assert not first & second

"""Heads that begin at their labels' means, in trainings of few tickets only."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.corpus import load_corpus
from tierline.data.quarantine import Quarantine
from tierline.training.fit import fit
from tierline.training.imprint import imprint
from tierline.training.metrics import macro_f1
from tierline.training.recipe import Recipe
from tierline.training.targets import ABSENT

HIDDEN = 8


def imprinted(
    embeddings: torch.Tensor, targets: torch.Tensor, sizes: Sequence[int]
) -> tuple[torch.nn.Linear, torch.Tensor]:
    """Heads after the imprint, and the weights that they had before."""
    heads = torch.nn.Linear(HIDDEN, sum(sizes))
    before = heads.weight.detach().clone()
    imprint(heads, sizes, embeddings, targets)
    return heads, before


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(12, 40))
def test_logits_of_a_head_have_one_spread_wherever_the_embeddings_lie(
    seed: int, labels: int, rows: int
) -> None:
    made = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(rows, HIDDEN, generator=made) * 0.1 + 5
    targets = (torch.arange(rows) % labels)[:, None]
    heads, _ = imprinted(embeddings, targets, [labels])
    logits = heads(embeddings)
    assert logits.std().item() == pytest.approx(1, rel=0.01)
    assert logits.mean(dim=0).abs().max().item() < 0.01
    for label, weight in enumerate(heads.weight):
        off = embeddings[targets[:, 0] == label].mean(dim=0) - embeddings.mean(dim=0)
        assert torch.cosine_similarity(weight, off, dim=0).item() == pytest.approx(1, abs=1e-3)


def test_each_head_has_its_own_labels_and_tickets() -> None:
    corners = torch.eye(HIDDEN)[:4].repeat(6, 1) + 1
    corners[0] += 1  # of a ticket that the second head knows nothing of
    first, second = torch.arange(24) % 4, torch.arange(24) % 2
    first[first == 3], second[:8] = 0, ABSENT  # the fourth label has no ticket
    heads, _ = imprinted(corners, torch.stack([first, second], dim=1), [4, 2])
    logits = heads(corners)
    assert (logits[:, :4].argmax(dim=1) == first).all()
    assert (logits[8:, 4:].argmax(dim=1) == second[8:]).all()
    assert heads.weight[3].abs().max() == 0
    assert bool(torch.isfinite(heads.weight).all())
    alone, _ = imprinted(corners[8:], second[8:, None], [2])
    assert torch.allclose(heads.weight[4:], alone.weight, atol=1e-6)


def test_a_head_with_one_label_stays_as_it_is() -> None:
    targets = torch.stack([torch.zeros(6), torch.full((6,), ABSENT), torch.arange(6) % 2], dim=1)
    heads, before = imprinted(torch.randn(6, HIDDEN), targets.long(), [2, 2, 2])
    assert torch.equal(heads.weight[:4], before[:4])
    assert not torch.equal(heads.weight[4:], before[4:])


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_tickets_that_all_say_the_same_imprint_nothing(noise: float) -> None:
    embeddings = torch.ones(6, HIDDEN) + noise * torch.randn(6, HIDDEN)
    heads, before = imprinted(embeddings, torch.arange(6)[:, None] % 2, [2])
    assert torch.equal(heads.weight, before)


@pytest.mark.parametrize(("fewest", "knows"), [(10**6, True), (0, False)])
def test_few_tickets_begin_there(
    tickets: Path,
    tmp_path: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    fewest: int,
    knows: bool,
) -> None:
    monkeypatch.setattr("tierline.training.fit.FEWEST_TO_CHOOSE_BY", fewest)
    with Quarantine(tmp_path / "quarantine.jsonl") as quarantine:
        corpus = load_corpus([tickets], {}, quarantine, seed=1)
    still = replace(recipe, epochs=1, encoder_lr=0.0, head_lr=0.0)
    fitted = fit(corpus, still, lambda _: None, lambda _epoch, _scores: None)
    rows, start = corpus.parts["train"], 0
    logits, scores = fitted.logits(rows), []
    for head in fitted.heads:
        end = start + len(head.labels)
        scores.append(macro_f1(head.targets(rows), logits[:, start:end].argmax(axis=1)))
        start = end
    assert (np.mean(scores) > 0.6) == knows, scores

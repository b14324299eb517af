"""Heads that begin where their labels' tickets lie: what few tickets needn't learn first."""

from collections.abc import Sequence
from typing import Final

import torch

from tierline.training.targets import ABSENT

#: Relative to the embeddings' length: what is less is rounding.
_LEAST_SPREAD: Final = 1e-4


@torch.no_grad()
def imprint(
    heads: torch.nn.Linear,
    sizes: Sequence[int],
    embeddings: torch.Tensor,
    targets: torch.Tensor,
) -> None:
    """Point each label's weights from the mean embedding of a head's tickets to its own.

    ``heads`` holds the labels of all heads, ``sizes`` of them each; ``embeddings`` (N, hidden) and
    ``targets`` (N, heads) are the training part's. The logits of a head then have mean 0 and a
    standard deviation of 1 over its tickets; a label without tickets has weights of 0. A head stays
    as it is where its tickets have fewer than two labels, or all say the same.

    Source: Qi, Brown and Lowe, "Low-Shot Learning with Imprinted Weights", CVPR 2018; centred
    here, as an encoder's embeddings all point much the same way.
    """
    parts = zip(
        torch.split(heads.weight, list(sizes)), torch.split(heads.bias, list(sizes)), strict=True
    )
    for column, (weight, bias) in enumerate(parts):
        known = targets[:, column] != ABSENT
        mine, labels = embeddings[known], targets[known, column]
        if len(torch.unique(labels)) < 2:  # noqa: PLR2004
            continue
        centre = mine.mean(dim=0)
        means = torch.stack(
            [
                torch.nn.functional.normalize(mine[labels == label].mean(dim=0) - centre, dim=0)
                if (labels == label).any()
                else torch.zeros_like(centre)
                for label in range(len(weight))
            ]
        )
        spread = ((mine - centre) @ means.T).std()
        if spread > _LEAST_SPREAD * mine.norm(dim=1).mean():
            weight.copy_(means / spread)
            bias.copy_(-means @ centre / spread)

"""What is minimised: one cross-entropy per head, over the tickets that answer it."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from tierline.training.recipe import Recipe
from tierline.training.targets import ABSENT, HeadLabels


class MultiHeadLoss:
    """The mean over heads of a weighted soft cross-entropy.

    A severity on a scale is ordinal: its targets are soft, falling off with the distance from the
    true level (SORD: Díaz and Marathe, "Soft Labels for Ordinal Regression", CVPR 2019), so that
    mistaking P1 for P4 costs more than for P2. Other heads get smoothed one-hot targets.

    Rare labels count more: a label's weight is the square root of how much rarer it is than
    the average label, so that macro-F1 gains without the commonest labels being given up.
    """

    def __init__(self, heads: Sequence[HeadLabels], targets: Tensor, recipe: Recipe) -> None:
        """Take the training targets (rows, heads) for the label frequencies."""
        self.sizes = [len(h.labels) for h in heads]
        self.soft = [_soft_targets(h, recipe) for h in heads]
        self.weights = [
            _weights(column, size)
            for column, size in zip(targets.unbind(dim=1), self.sizes, strict=True)
        ]

    def __call__(self, logits: Tensor, targets: Tensor, whole: Tensor | None = None) -> Tensor:
        """Return the loss of logits (batch, labels of all heads) and targets (batch, heads).

        Where the batch is shared between processes, ``whole`` holds the targets of all of it:
        means are then taken over the whole batch, and the shares' losses add up to its loss.
        """
        losses = []
        for i, part in enumerate(torch.split(logits, self.sizes, dim=1)):
            everyone = (targets if whole is None else whole)[:, i]
            everyone = everyone[everyone != ABSENT]
            if not len(everyone):
                continue
            answered = targets[:, i] != ABSENT
            truth = targets[answered, i]
            soft = self.soft[i].to(part.device)[truth]
            weights = self.weights[i].to(part.device)
            each = -(soft * functional.log_softmax(part[answered].float(), dim=1)).sum(dim=1)
            losses.append((each * weights[truth]).sum() / weights[everyone].sum())
        return torch.stack(losses).mean() if losses else logits.sum() * 0.0


def _soft_targets(head: HeadLabels, recipe: Recipe) -> Tensor:
    """Return row-wise target distributions, shape (labels, labels)."""
    count = len(head.labels)
    if head.ordinal:
        level = torch.arange(count, dtype=torch.float32)
        distance = (level[:, None] - level[None, :]).abs()
        return torch.softmax(-recipe.ordinal_sharpness * distance, dim=1)
    smooth = recipe.label_smoothing
    return torch.eye(count) * (1 - smooth) + smooth / count


def _weights(targets: Tensor, count: int) -> Tensor:
    """Return a weight per label, shape (labels,); labels never seen weigh 0."""
    frequency = torch.bincount(targets[targets != ABSENT], minlength=count).float()
    weight = (frequency[frequency > 0].mean() / frequency.clamp(min=1)).sqrt()
    return torch.where(frequency > 0, weight, torch.zeros_like(weight))

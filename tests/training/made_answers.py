"""Answers of a head without a model, for tests of what is computed from them."""

from collections.abc import Sequence

import numpy as np

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.training.answers import Answers


def answers(
    head: str,
    labels: Sequence[str],
    truth: Sequence[int],
    predicted: Sequence[int],
    confidence: float | Sequence[float] = 0.9,
) -> Answers:
    """Return answers to rows 0, 1, … with the rest of each probability spread evenly."""
    size, sure = len(labels), np.broadcast_to(confidence, len(truth)).astype(np.float64)
    rest = (1 - sure) / (size - 1)
    chances = np.repeat(rest[:, None], size, axis=1)
    chances[np.arange(len(truth)), predicted] = sure
    return Answers(
        head,
        tuple(labels),
        np.arange(len(truth)),
        np.array(truth, dtype=np.int64),
        np.array(predicted, dtype=np.int64),
        sure,
        chances,
    )


def rows(bodies: Sequence[str], **extra: str) -> list[Row]:
    """Return one row per text, with ids r0, r1, …"""
    return [Row(i + 1, Ticket(id=f"r{i}", body=b), {}, extra) for i, b in enumerate(bodies)]

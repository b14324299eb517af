"""Paired differences between two models on the same tickets, whatever labels each knows.

Unlike the report's comparison this works when the label sets differ: tickets whose true label
only one of the two knows are left out.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.labels import HEADS
from tierline.training.answers import TIER, Answers
from tierline.training.metrics import Figure, Indices, Labels, bootstrap, macro_f1
from tierline.training.report.costs import cost_matrix

#: What mistakes are weighed on: the whole decision; where too few tickets have every label, a head.
_WEIGHED: Final = (TIER, *HEADS)


def f1_difference(new: Answers, old: Answers) -> tuple[Figure, int] | None:
    """Return macro-F1 of ``new`` less ``old`` with its interval, and the tickets it rests on."""
    ours, theirs = _shared_rows(new, old)
    count = len(ours)
    if not count:
        return None
    labels = _labels(new, old)
    truth = _indices(new, labels, new.truth)[ours]
    mine = _indices(new, labels, new.predicted)[ours]
    other = _indices(old, labels, old.predicted)[theirs]
    (figure,) = bootstrap(
        lambda r: (macro_f1(truth[r], mine[r]) - macro_f1(truth[r], other[r]),), count
    )
    return figure, count


def cost_difference(
    new: Mapping[str, Answers], old: Mapping[str, Answers], least: int = 1
) -> tuple[str, Figure] | None:
    """Return what was weighed, and the mean cost per ticket of ``new`` less ``old``.

    Weighed is the first question with ``least`` tickets; where none has them, that with the most.
    """
    asked = [head for head in _WEIGHED if head in new and head in old]
    rows = {head: _shared_rows(new[head], old[head]) for head in asked}
    if not any(len(ours) for ours, _ in rows.values()):
        return None
    head = max(asked, key=lambda h: min(len(rows[h][0]), least))
    ours, theirs = rows[head]
    return head, _mean(_costs(new[head], new[head])[ours] - _costs(old[head], new[head])[theirs])


def _mean(values: NDArray[np.float64]) -> Figure:
    (figure,) = bootstrap(lambda rows: (float(values[rows].mean()),), len(values))
    return figure


def _costs(answers: Answers, first: Answers) -> NDArray[np.float64]:
    """Return what each answer costs, shape (n,)."""
    labels = _labels(first, answers)
    matrix = cost_matrix(answers.head, labels, {})
    truth, predicted = (_indices(answers, labels, i) for i in (answers.truth, answers.predicted))
    return matrix[truth, predicted]


def _shared_rows(new: Answers, old: Answers) -> tuple[Indices, Indices]:
    """Return the positions, in each, of the tickets that both have."""
    _, ours, theirs = np.intersect1d(new.rows, old.rows, assume_unique=True, return_indices=True)
    return ours, theirs


def _labels(new: Answers, old: Answers) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*new.labels, *old.labels)))


def _indices(answers: Answers, labels: tuple[str, ...], given: Labels) -> Labels:
    """Return indices into the answers' own labels as indices into ``labels``."""
    places = np.array([labels.index(label) for label in answers.labels], dtype=np.int64)
    return places[given]

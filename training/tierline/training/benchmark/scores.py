"""The test part's figures, the same for every method."""

from collections.abc import Mapping, Sequence

import numpy as np

from tierline.data.rows import Row
from tierline.training.metrics import accuracy, macro_f1, quadratic_kappa
from tierline.training.targets import HeadLabels, in_order


def score(
    heads: Sequence[HeadLabels],
    train: Sequence[Row],
    rows: Sequence[Row],
    answered: Mapping[str, Sequence[str]],
) -> tuple[dict[str, dict[str, float]], dict[str, int]]:
    """Return each head's figures, and how many rows have a label that no training row has.

    Such rows count as errors, and their labels with F1 0. Rows without a label are left out, and
    so is a head that no row answers. Macro-F1 is the mean over the labels that occur.
    """
    figures, unseen = {}, {}
    for head in heads:
        taught = {row.labels[head.name] for row in train if head.name in row.labels}
        pairs = [
            (row.labels[head.name], said)
            for row, said in zip(rows, answered[head.name], strict=True)
            if head.name in row.labels
        ]
        if pairs:
            figures[head.name] = _figures(head, pairs)
            unseen[head.name] = sum(true not in taught for true, _ in pairs)
    return figures, unseen


def _figures(head: HeadLabels, pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    labels = in_order(head.name, {*head.labels, *(true for true, _ in pairs)})
    index = {label: i for i, label in enumerate(labels)}
    truth, predicted = np.array([[index[a], index[b]] for a, b in pairs], np.int64).T
    found = {"macro_f1": macro_f1(truth, predicted), "accuracy": accuracy(truth, predicted)}
    if HeadLabels(head.name, labels).ordinal:
        found["quadratic_kappa"] = quadratic_kappa(truth, predicted)
    return found

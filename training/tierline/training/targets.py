"""Labels as numbers: which labels each head has, and the target of each ticket."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.corpus import Corpus
from tierline.data.errors import InputError
from tierline.data.labels import LABELS
from tierline.data.rows import Row

#: The target of a head that a row doesn't answer; the loss leaves it out.
ABSENT: Final = -1
ORDINAL_HEADS: Final = frozenset({"severity"})


@dataclass(frozen=True)
class HeadLabels:
    """One head to train: its labels in logit order, and whether that order is a scale."""

    name: str
    labels: tuple[str, ...]

    @property
    def ordinal(self) -> bool:
        """True for severities that stand on a scale: the default ones, and numbered ones."""
        numbered = all(re.search(r"\d", label) for label in self.labels)
        return self.name in ORDINAL_HEADS and (self.worst_first or numbered)

    @property
    def worst_first(self) -> bool:
        """True where the labels are known to run from worst to mildest: default severities."""
        known = tuple(label for label in LABELS[self.name] if label in self.labels)
        return self.name in ORDINAL_HEADS and self.labels == known

    def targets(self, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return label indices, shape (rows,); `ABSENT` where a row has none that is known."""
        index = {label: i for i, label in enumerate(self.labels)}
        return np.array([index.get(r.labels.get(self.name, ""), ABSENT) for r in rows], np.int64)

    def tickets(self, rows: Sequence[Row]) -> list[int]:
        """Return how many of the rows have each label, in the labels' order."""
        found = Counter(row.labels.get(self.name) for row in rows)
        return [found[label] for label in self.labels]


def heads_of(corpus: Corpus) -> tuple[HeadLabels, ...]:
    """Return the heads that the training part can teach, with their labels.

    Labels of the default vocabulary keep its order; labels of the user's own are sorted, the
    numbers in them by value, which is also the scale of an own severity ("1", "2", … "10").
    Names that the corpus's label book calls gone are labels of no head.

    Raises:
        InputError: when a head has fewer than two labels to tell apart.
    """
    heads = []
    for name in corpus.heads:
        found = Counter(r.labels[name] for r in corpus.parts["train"] if name in r.labels)
        if len(found) < 2:  # noqa: PLR2004
            raise InputError(
                f"{name}: expected at least two labels in the training part; found only "
                f"{next(iter(found))!r} ({found.total()} rows). Leave the column out or add rows"
            )
        gone = corpus.book.gone(name)
        labels = tuple(label for label in in_order(name, found.keys()) if label not in gone)
        heads.append(HeadLabels(name, labels))
    return tuple(heads)


def in_order(head: str, found: Set[str]) -> tuple[str, ...]:
    """Return a head's labels in logit order: the whole default vocabulary where it holds them."""
    default = LABELS[head]
    if found <= set(default):
        return tuple(default)
    numbers = {label: re.findall(r"\d+", label) for label in found}
    if head in ORDINAL_HEADS and all(len(n) == 1 for n in numbers.values()):
        # The number is the scale, whatever the words around it: "high 2", "urgent 1".
        return tuple(sorted(found, key=lambda label: (int(numbers[label][0]), _natural(label))))
    return tuple(sorted(found, key=_natural))


def _natural(label: str) -> list[tuple[int, str]]:
    pieces = re.split(r"(\d+)", label.casefold())
    return [(int(p), "") if p.isdecimal() else (0, p) for p in pieces]

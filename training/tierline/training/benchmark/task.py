"""What a method is given to learn, and what it is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tierline.data.corpus import Corpus
from tierline.data.normalise import plain_text
from tierline.data.rows import Row
from tierline.training.benchmark.watch import Stopwatch
from tierline.training.metrics import macro_f1
from tierline.training.targets import ABSENT, HeadLabels

#: A method's label for every test row, by head.
Answered = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Task:
    """One set, divided, with one seed.

    Attributes:
        corpus: the rows by part; methods learn from train and validation only.
        heads: the labels of each head, from the train part.
        seed: seeds every random choice of the method.
        encoder: what the methods with an encoder start from.
        setfit_steps: the most steps of SetFit's contrastive training.
    """

    corpus: Corpus
    heads: tuple[HeadLabels, ...]
    seed: int
    encoder: str
    setfit_steps: int

    @property
    def train(self) -> tuple[Row, ...]:
        """The rows to learn from."""
        return self.corpus.parts["train"]

    @property
    def validation(self) -> tuple[Row, ...]:
        """The rows to stop early, to calibrate, or to draw the curve with."""
        return self.corpus.parts["validation"]

    @property
    def test(self) -> tuple[Row, ...]:
        """The rows to answer."""
        return self.corpus.parts["test"]


#: A method: it learns, with the stopwatch running meanwhile, and answers the test part. What it
#: returns beside the answers is noted with the result.
Method = Callable[[Task, Stopwatch], tuple[Answered, Mapping[str, str]]]


@dataclass(frozen=True)
class Examples:
    """The rows that answer one head, as libraries take them: texts, and targets (n,)."""

    texts: tuple[str, ...]
    targets: NDArray[np.int64]

    def score(self, predicted: NDArray[np.int64]) -> float:
        """Return the macro-F1 of label indices (n,)."""
        return macro_f1(self.targets, predicted)


def examples(head: HeadLabels, rows: Sequence[Row]) -> Examples:
    """Return the rows with a label that the head knows; texts as Tierline reads them."""
    targets = head.targets(rows)
    known = np.flatnonzero(targets != ABSENT).tolist()
    return Examples(tuple(plain_text(rows[i].ticket) for i in known), targets[known])

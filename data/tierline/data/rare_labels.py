"""See to it that every label can be learnt and checked, however few rows carry it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from tierline.data.rows import Row

#: Train must hold so much of a label's rows; where it doesn't, it is filled up to the share.
_ENOUGH: Final = 0.5
_TRAIN_SHARE: Final = 0.70
#: From so many groups of near-duplicates on, validation gets one.
_GROUPS_TO_CHECK: Final = 3

Group = Sequence[int]


def keep_learnable(rows: Sequence[Row], groups: Sequence[Group], parts: list[str]) -> None:
    """Move groups between ``parts`` (by row) where a label has too little in train or validation.

    Groups of near-duplicates move whole, the first in order to train. The commonest label is
    seen to first and the rarest last, so that of two labels on the same rows the rarer has its
    way. Labels that are well spread move nothing.
    """
    of_label: dict[tuple[str, str], dict[int, Group]] = defaultdict(dict)
    for place, group in enumerate(groups):
        for i in group:
            for label in rows[i].labels.items():
                of_label[label][place] = group
    sizes = Counter(label for row in rows for label in row.labels.items())
    for label in sorted(sizes, key=lambda name: (-sizes[name], name)):
        _Spread(label, rows, list(of_label[label].values()), parts).mend()


class _Spread:
    """How one label's groups lie in the parts."""

    def __init__(
        self, label: tuple[str, str], rows: Sequence[Row], groups: Sequence[Group], parts: list[str]
    ) -> None:
        head, name = label
        self.groups, self.parts = groups, parts
        self.sizes = [sum(rows[i].labels.get(head) == name for i in g) for g in groups]
        self.total = sum(self.sizes)
        self.train = sum(self.sizes[place] for place in self._places("train"))

    def mend(self) -> None:
        """Move what must be moved."""
        if self.train < _ENOUGH * self.total:
            for place in self._places("validation", "test"):
                full = self.train + self.sizes[place] > _TRAIN_SHARE * self.total
                if self.train < _ENOUGH * self.total or not full:
                    self._move(place, "train")
        if len(self.groups) >= _GROUPS_TO_CHECK and not self._places("validation"):
            spare = [p for p in reversed(self._places("train")) if self._can_spare(p)]
            for place in [*self._places("test"), *spare][:1]:
                self._move(place, "validation")

    def _places(self, *parts: str) -> list[int]:
        return [p for p, group in enumerate(self.groups) if self.parts[group[0]] in parts]

    def _can_spare(self, place: int) -> bool:
        return self.train - self.sizes[place] >= _ENOUGH * self.total

    def _move(self, place: int, part: str) -> None:
        self.train += self.sizes[place] * ((part == "train") - (self._part(place) == "train"))
        for i in self.groups[place]:
            self.parts[i] = part

    def _part(self, place: int) -> str:
        return self.parts[self.groups[place][0]]

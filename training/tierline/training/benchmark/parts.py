"""The parts that every method of one run sees: train, validation, test, without shared tickets.

A ``split`` column is kept; without one, a fifth of the rows is the test part, but for the last
rows of a label. Validation is cut from the training rows, never from the test part. Rows that
begin alike stay together.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Final

from tierline.data.errors import InputError
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, assign_splits, fingerprint, split_of

TEST_SHARE: Final = 0.2
VALIDATION_SHARE: Final = 0.1

Group = list[Row]
Parts = Mapping[str, tuple[Row, ...]]


def divide(rows: Sequence[Row], seed: int, limit: int | None = None) -> Parts:
    """Return the rows by part, in file order.

    ``limit`` is the most rows to learn from, validation included; the test part stays whole.

    Raises:
        InputError: when a part would stay empty.
    """
    pool, validation, test = _named(rows) if has_split(rows) else _grouped(rows, seed)
    if limit is not None and limit < len(pool):
        share = limit / len(pool)
        pool = _sample(pool, limit, seed)
        if validation:
            validation = _sample(validation, max(1, round(share * len(validation))), seed)
    if not validation:
        validation = _cut_validation(pool, seed)
        pool = _without(pool, validation)
    parts = dict(zip(SPLITS, (pool, validation, test), strict=True))
    for name, part in parts.items():
        if not part:
            raise InputError(
                f"expected rows for the {name} part; found none. Add rows, fix the 'split' column "
                f"({', '.join(SPLITS)}), or drop it and let Tierline divide the rows"
            )
    return {name: tuple(sorted(part, key=lambda r: r.number)) for name, part in parts.items()}


def has_split(rows: Sequence[Row]) -> bool:
    """Return whether the rows say themselves which part they belong to."""
    return any(map(split_of, rows))


def parts_digest(parts: Parts) -> str:
    """Return a SHA-256 of which row is in which part: equal means the very same rows."""
    numbers = [[row.number for row in parts[name]] for name in SPLITS]
    return hashlib.sha256(str(numbers).encode()).hexdigest()


def shared_beginnings(parts: Parts) -> int:
    """Return how many test rows begin like a row to learn from: an official split may have some."""
    learnt = {fingerprint(row) for name in SPLITS[:2] for row in parts[name]}
    return sum(fingerprint(row) in learnt for row in parts["test"])


def _named(rows: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    train, validation, test = (list(part) for part in assign_splits(rows, seed=0).values())
    return train, validation, test


def _grouped(rows: Sequence[Row], seed: int) -> tuple[list[Row], list[Row], list[Row]]:
    groups = _groups(rows, seed)
    test = _take(groups, round(TEST_SHARE * len(rows)))
    return _without(rows, test), [], test


def _groups(rows: Iterable[Row], seed: int) -> list[Group]:
    """Return the rows in groups that begin alike, the groups in a seeded order."""
    groups: dict[str, Group] = {}
    for row in rows:
        groups.setdefault(fingerprint(row), []).append(row)
    keys = sorted(groups, key=lambda g: hashlib.sha256(f"{seed}:{g}".encode()).digest())
    return [groups[key] for key in keys]


def _take(groups: Sequence[Group], count: int) -> list[Row]:
    """Return whole groups, at most ``count`` rows; the smallest group when none is that small.

    The last group that has some label is left: nobody can answer what no row teaches.
    """
    left = Counter(label for group in groups for label in _labels(group))
    taken: list[Row] = []
    for group in groups:
        if len(taken) + len(group) <= count and _spare(group, left):
            taken += group
            left.subtract(_labels(group))
    return taken or (list(_smallest(groups)) if len(groups) > 1 else [])


def _sample(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """Return ``count`` rows: whole groups first, then what is missing from the next group."""
    flat = [row for group in _groups(rows, seed) for row in group]
    return flat[:count]


def _without(rows: Sequence[Row], taken: Iterable[Row]) -> list[Row]:
    numbers = {row.number for row in taken}
    return [row for row in rows if row.number not in numbers]


def _cut_validation(rows: Sequence[Row], seed: int) -> list[Row]:
    """Return a stratified tenth of the rows, in whole groups.

    Groups are walked label by label, and each time a tenth of the rows passed by is owed, the
    next group that is small enough is taken (systematic sampling). The last group that has some
    label always stays in the training part.
    """
    groups = _groups(rows, seed)
    left = Counter(label for group in groups for label in _labels(group))
    owed, taken = Random(seed).random(), []  # noqa: S311
    for group in sorted(groups, key=lambda g: sorted(g[0].labels.items())):
        owed += VALIDATION_SHARE * len(group)
        if len(group) <= owed and _spare(group, left):
            taken += group
            owed -= len(group)
            left.subtract(_labels(group))
    if taken:
        return taken
    spare = [group for group in groups if _spare(group, left)]
    return list(_smallest(spare)) if spare else []


def _smallest(groups: Sequence[Group]) -> Group:
    return min(groups, key=len)


def _labels(group: Group) -> set[tuple[str, str]]:
    return {label for row in group for label in row.labels.items()}


def _spare(group: Group, left: Counter[tuple[str, str]]) -> bool:
    return all(left[label] > 1 for label in _labels(group))

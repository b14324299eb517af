"""Parts that never change: a ticket held out once stays held out, however the data grows.

A ticket's part follows from its own first letters alone (or from its ``split`` column), never
from the tickets around it. So a model that is retrained every month on more tickets never
learns from one that it, or its predecessor, is measured on.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from tierline.data.rows import Row
from tierline.data.splitting import SHARES, SPLITS, fingerprint, split_of

#: Fixed for ever: another number would hold out other tickets. It is the default recipe's seed,
#: so of undated tickets that name no customer mostly those are held out here that a plain
#: training held out.
_SEED: Final = 13


def divide(rows: Sequence[Row]) -> tuple[dict[str, tuple[Row, ...]], int]:
    """Return the rows by part, and how many had to be left out.

    Left out are rows whose ``split`` column puts them elsewhere than in the test part although
    a held-out ticket begins with the same 60 characters.
    """
    starts = [fingerprint(row) for row in rows]
    parts = [split_of(row) or _by_hash(start) for row, start in zip(rows, starts, strict=True)]
    held = {start for start, part in zip(starts, parts, strict=True) if part == SPLITS[2]}
    kept = [part == SPLITS[2] or s not in held for s, part in zip(starts, parts, strict=True)]
    divided = {
        split: tuple(r for r, p, k in zip(rows, parts, kept, strict=True) if k and p == split)
        for split in SPLITS
    }
    return divided, kept.count(False)


def _by_hash(start: str) -> str:
    digest = hashlib.sha256(f"{_SEED}:{start}".encode()).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    return SPLITS[sum(share >= limit for limit in SHARES)]

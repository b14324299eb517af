"""Tickets as anonymised exports leave them: without capitals, punctuation and digits."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tierline.data.rows import Row

_TAKEN: Final = re.compile(r"[\W\d_]+")


def strip_some(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """Return the rows in order, a seeded ``share`` of them with bare words only.

    Some desks export tickets so, and a model that has only read tidy text suspects incidents
    in them. A ticket of which no word would be left stays as it is.
    """
    rng = random.Random(seed)  # noqa: S311
    return [_stripped(row) if rng.random() < share else row for row in rows]


def _stripped(row: Row) -> Row:
    texts = {name: _bare(getattr(row.ticket, name)) for name in ("subject", "body")}
    if not any(texts.values()):
        return row
    return replace(row, ticket=row.ticket.model_copy(update=texts))


def _bare(text: str) -> str:
    return _TAKEN.sub(" ", text).strip().lower()

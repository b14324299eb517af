"""Write answers as CSV, JSON Lines or Parquet."""

import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tierline.serving.backlog.tables import Table, TableFile
from tierline.serving.routing.recommendation import Recommendation

COLUMNS: Final = tuple(Recommendation.model_fields)
_TYPES: Final[dict[str, pa.DataType]] = {
    "tier": pa.int8(),
    "needs_review": pa.bool_(),
    "respond_by": pa.timestamp("us", tz="UTC"),
    "next_review_at": pa.timestamp("us", tz="UTC"),
}
_NESTED: Final = ("path", "reasons", "notify", "alternatives", "assessment", "would_change")
_SCHEMA: Final = pa.schema(
    [
        (c, _TYPES.get(c, pa.float64() if c.endswith("_confidence") else pa.string()))
        for c in COLUMNS
    ]
)


class AnswerFile(TableFile[Recommendation]):
    """Collects answers; the file appears when it is whole.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _ANSWERS)


def _flat(answer: Recommendation) -> dict[str, Any]:
    """Return the answer with its lists as JSON, for formats without nesting."""
    row = answer.as_row()
    return row | {name: json.dumps(row[name], ensure_ascii=False) for name in _NESTED}


def _typed(answer: Recommendation) -> dict[str, Any]:
    times = {"respond_by": answer.respond_by, "next_review_at": answer.next_review_at}
    return _flat(answer) | times


_ANSWERS: Final = Table(_SCHEMA, _flat, _typed, Recommendation.model_dump_json)

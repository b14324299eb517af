"""Write answers as CSV, JSON Lines or Parquet."""

import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tierline.serving.backlog.tables import Codec, Table, codec_for
from tierline.serving.routing.recommendation import Recommendation

COLUMNS: Final = tuple(Recommendation.model_fields)
_TIMES: Final = ("respond_by", "resolve_by", "next_review_at")
_TYPES: Final[dict[str, pa.DataType]] = {
    "tier": pa.int8(),
    "needs_review": pa.bool_(),
    **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")),
}
_NESTED: Final = ("path", "reasons", "notify", "alternatives", "assessment", "would_change")
_SCHEMA: Final = pa.schema(
    [
        (c, _TYPES.get(c, pa.float64() if c.endswith("_confidence") else pa.string()))
        for c in COLUMNS
    ]
)


def answer_codec(path: Path) -> Codec[Recommendation]:
    """Return how answers are written to ``path``.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """
    return codec_for(path, _ANSWERS)


def flat(answer: Recommendation) -> dict[str, Any]:
    """Return the answer with its lists and objects as JSON, for formats without nesting."""
    row = answer.as_row()
    return row | {name: json.dumps(row[name], ensure_ascii=False) for name in _NESTED}


def _typed(answer: Recommendation) -> dict[str, Any]:
    return flat(answer) | {name: getattr(answer, name) for name in _TIMES}


_ANSWERS: Final = Table(_SCHEMA, flat, _typed, Recommendation.model_dump_json)

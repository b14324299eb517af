"""Write answers as CSV, JSON Lines or Parquet, in batches; the file appears when it is whole."""

import csv
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from tierline.data.errors import InputError
from tierline.serving.recommendation import Recommendation

COLUMNS: Final = tuple(Recommendation.model_fields)
_TYPES: Final[dict[str, pa.DataType]] = {
    "tier": pa.int8(),
    "needs_review": pa.bool_(),
    "respond_by": pa.timestamp("us", tz="UTC"),
    "next_review_at": pa.timestamp("us", tz="UTC"),
}
_NESTED: Final = ("path", "reasons", "notify", "alternatives")
_SCHEMA: Final = pa.schema(
    [
        (c, _TYPES.get(c, pa.float64() if c.endswith("_confidence") else pa.string()))
        for c in COLUMNS
    ]
)


class _Format(Protocol):
    def write(self, answers: Sequence[Recommendation]) -> None: ...

    def close(self) -> None: ...


class AnswerFile:
    """Collects answers in ``PATH.part`` and renames it to ``PATH`` at the end.

    A job that breaks off leaves no half file behind.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """

    def __init__(self, path: Path) -> None:
        formats: dict[str, Callable[[Path], _Format]] = {
            ".csv": _Csv,
            ".jsonl": _JsonLines,
            ".parquet": _Parquet,
        }
        kind = formats.get(path.suffix.lower())
        if kind is None:
            raise InputError(
                f"--out: expected a file ending in {', '.join(formats)}; found {path.name}"
            )
        if not path.parent.is_dir():
            raise InputError(f"--out: expected an existing folder; found none at {path.parent}")
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._file: _Format = kind(self._part)

    def write(self, answers: Sequence[Recommendation]) -> None:
        """Add answers, in order."""
        self._file.write(answers)

    def __enter__(self) -> "AnswerFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._file.close()
                self._part.replace(self._path)
            else:
                with suppress(OSError):
                    self._file.close()
        finally:
            self._part.unlink(missing_ok=True)


class _Csv:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, COLUMNS)
        self._writer.writeheader()

    def write(self, answers: Sequence[Recommendation]) -> None:
        self._writer.writerows(_flat(a.as_row()) for a in answers)

    def close(self) -> None:
        self._file.close()


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, answers: Sequence[Recommendation]) -> None:
        self._file.writelines(a.model_dump_json() + "\n" for a in answers)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, _SCHEMA, compression="zstd")

    def write(self, answers: Sequence[Recommendation]) -> None:
        rows = [_flat(a.as_row()) | _times(a) for a in answers]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))

    def close(self) -> None:
        self._writer.close()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its lists as JSON, for formats without nesting."""
    return row | {name: json.dumps(row[name], ensure_ascii=False) for name in _NESTED}


def _times(answer: Recommendation) -> dict[str, Any]:
    return {"respond_by": answer.respond_by, "next_review_at": answer.next_review_at}

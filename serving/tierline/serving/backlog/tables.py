"""Write rows as CSV, JSON Lines or Parquet, in batches; the file appears when it is whole."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tierline.data.errors import InputError

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
Cells = Mapping[str, Any]


@dataclass(frozen=True)
class Table(Generic[T]):
    """How a ``T`` is written: the columns, and a row's cells in each format.

    ``flat`` gives cells of text and numbers for CSV, ``typed`` cells that fit ``schema`` for
    Parquet, ``line`` one line of JSON without its end.
    """

    schema: pa.Schema
    flat: Callable[[T], Cells]
    typed: Callable[[T], Cells]
    line: Callable[[T], str]

    @classmethod
    def of_cells(cls, schema: pa.Schema, cells: Callable[[T], Cells]) -> "Table[T]":
        """Return a table whose rows have the same plain cells in every format."""

        def line(row: T) -> str:
            return json.dumps(dict(cells(row)), ensure_ascii=False, default=str)

        return cls(schema, cells, cells, line)


class _Format(Protocol[T_contra]):
    def write(self, rows: Sequence[T_contra]) -> None: ...

    def close(self) -> None: ...


class TableFile(Generic[T]):
    """Collects rows in ``PATH.part`` and renames it to ``PATH`` at the end.

    A job that breaks off leaves no half file behind.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """

    def __init__(self, path: Path, table: Table[T]) -> None:
        formats: dict[str, Callable[[Path, Table[T]], _Format[T]]] = {
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
        self._file = kind(self._part, table)

    def write(self, rows: Sequence[T]) -> None:
        """Add rows, in order."""
        self._file.write(rows)

    def __enter__(self) -> "TableFile[T]":
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


class _Csv(Generic[T]):
    def __init__(self, path: Path, table: Table[T]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._cells = table.flat
        self._writer = csv.DictWriter(self._file, table.schema.names)
        self._writer.writeheader()

    def write(self, rows: Sequence[T]) -> None:
        self._writer.writerows(map(self._cells, rows))

    def close(self) -> None:
        self._file.close()


class _JsonLines(Generic[T]):
    def __init__(self, path: Path, table: Table[T]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._line = table.line

    def write(self, rows: Sequence[T]) -> None:
        self._file.writelines(self._line(row) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()


class _Parquet(Generic[T]):
    def __init__(self, path: Path, table: Table[T]) -> None:
        self._schema, self._cells = table.schema, table.typed
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[T]) -> None:
        cells = [dict(self._cells(row)) for row in rows]
        self._writer.write_table(pa.Table.from_pylist(cells, schema=self._schema))

    def close(self) -> None:
        self._writer.close()

"""Write rows as CSV, JSON Lines or Parquet, in batches; the file appears when it is whole."""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tierline.data.errors import InputError

T = TypeVar("T")
Cells = Mapping[str, Any]
#: Rows in a group of a Parquet file: bounds what writing it holds in memory.
_GROUP_ROWS: Final = 8_192


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


class Codec(ABC, Generic[T]):
    """Rows as bytes: appended batch after batch to a part file, which then becomes the table.

    How rows are divided into batches leaves no trace in the table.
    """

    def __init__(self, table: Table[T]) -> None:
        self.table = table
        self.head = b""

    @abstractmethod
    def encode(self, rows: Sequence[T]) -> bytes:
        """Return what is appended for some rows."""

    def finish(self, part: Path, path: Path) -> None:
        """Make the table at ``path`` of a part file; it is gone afterwards."""
        part.replace(path)


class TableFile(Generic[T]):
    """Collects rows in ``PATH.part`` and makes the table at ``PATH`` of it at the end.

    A job that breaks off leaves no half file behind.

    Raises:
        InputError: when the path ends in nothing that can be written.
    """

    def __init__(self, path: Path, table: Table[T]) -> None:
        self._codec = codec_for(path, table)
        self._path, self._part = path, part_path(path)
        self._file: BinaryIO = self._part.open("wb")
        self._file.write(self._codec.head)

    def write(self, rows: Sequence[T]) -> None:
        """Add rows, in order."""
        self._file.write(self._codec.encode(rows))

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
                self._codec.finish(self._part, self._path)
            else:
                with suppress(OSError):
                    self._file.close()
        finally:
            self._part.unlink(missing_ok=True)


def part_path(path: Path) -> Path:
    """Return where a file's rows are while it isn't whole."""
    return path.with_name(path.name + ".part")


def codec_for(path: Path, table: Table[T]) -> Codec[T]:
    """Return how a table is written to ``path``, by how its name ends.

    Raises:
        InputError: when it ends in nothing that can be written, or the folder isn't there.
    """
    kinds: dict[str, Callable[[Table[T]], Codec[T]]] = {
        ".csv": _Csv,
        ".jsonl": _JsonLines,
        ".parquet": _Parquet,
    }
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"--out: expected a file ending in {', '.join(kinds)}; found {path.name}")
    if not path.parent.is_dir():
        raise InputError(f"--out: expected an existing folder; found none at {path.parent}")
    return kind(table)


class _Csv(Codec[T]):
    def __init__(self, table: Table[T]) -> None:
        super().__init__(table)
        self.head = self._bytes(lambda writer: writer.writeheader())

    def encode(self, rows: Sequence[T]) -> bytes:
        return self._bytes(lambda writer: writer.writerows(map(self.table.flat, rows)))

    def _bytes(self, write: "Callable[[csv.DictWriter[str]], Any]") -> bytes:
        text = io.StringIO(newline="")
        write(csv.DictWriter(text, self.table.schema.names))
        return text.getvalue().encode()


class _JsonLines(Codec[T]):
    def encode(self, rows: Sequence[T]) -> bytes:
        return "".join(self.table.line(row) + "\n" for row in rows).encode()


class _Parquet(Codec[T]):
    """A Parquet file can't be appended to: its part is a row of Arrow streams, one per batch."""

    def encode(self, rows: Sequence[T]) -> bytes:
        cells = [dict(self.table.typed(row)) for row in rows]
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(sink, self.table.schema, options=options) as stream:
            stream.write_table(pa.Table.from_pylist(cells, schema=self.table.schema))
        found: bytes = sink.getvalue().to_pybytes()
        return found

    def finish(self, part: Path, path: Path) -> None:
        made = path.with_name(path.name + ".tmp")
        try:
            with pq.ParquetWriter(made, self.table.schema, compression="zstd") as writer:
                for group in _groups(part, self.table.schema):
                    writer.write_table(group, row_group_size=_GROUP_ROWS)
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
        part.unlink()


def _groups(part: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of a part file in groups of one size, the last one smaller."""
    waiting: list[pa.RecordBatch] = []
    for batch in _batches(part):
        waiting.append(batch)
        while sum(b.num_rows for b in waiting) >= _GROUP_ROWS:
            rows = pa.Table.from_batches(waiting, schema).combine_chunks()
            yield rows.slice(0, _GROUP_ROWS)
            waiting = rows.slice(_GROUP_ROWS).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()


def _batches(part: Path) -> Iterator[pa.RecordBatch]:
    size = part.stat().st_size
    with part.open("rb") as file:
        while file.tell() < size:
            with pa.ipc.open_stream(file) as stream:
                yield from stream

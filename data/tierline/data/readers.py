"""Stream tickets, or other records, out of CSV, JSON Lines and Parquet, in constant memory.

A reader yields a `Row` or a `BadRow` for every record, in file order: one bad row never ends
the job. What makes a file unusable as a whole (no such file, another encoding, no column with
words) is an `InputError`.
"""

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tierline.data.columns import ColumnMap
from tierline.data.errors import InputError, RowError
from tierline.data.helpdesk.export import Export, ExportMap
from tierline.data.json_text import parse_json
from tierline.data.rows import BadRow, Row, to_row

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_EXPORT_SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_DELIMITERS: Final = ",;\t|"
_BATCH_ROWS: Final = 1024
_MAX_FIELD_CHARS: Final = 16 * 1024 * 1024

R = TypeVar("R")


@dataclass
class RecordFile(ABC, Generic[R]):
    """One file of records; a subclass says which columns it needs and what a record becomes.

    Iterating reads it from the start. ``progress`` is the share read so far, 0 to 1.
    """

    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)
    progress: float = 0.0
    what: ClassVar[str] = "records"

    @property
    def suffixes(self) -> Sequence[str]:
        """How the names of such files may end."""
        return SUFFIXES

    @abstractmethod
    def columns_of(self, found: Sequence[str]) -> ColumnMap:
        """Return which of a table's columns is which field.

        Raises:
            InputError: when a column that is needed is missing.
        """

    @abstractmethod
    def columns_of_object(self, keys: Sequence[str], before: ColumnMap | None) -> ColumnMap:
        """Return the same for a JSON object, given what held for the one ``before``."""

    @abstractmethod
    def row(self, number: int, record: Mapping[str, Any], columns: ColumnMap) -> R:
        """Check one record, the ``number``-th from 1.

        Raises:
            RowError: with the field that is wrong and what was expected of it.
        """

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise InputError(f"expected a file of {self.what}; found none at {self.path}")
        if self.path.suffix.lower() not in self.suffixes:
            raise InputError(
                f"expected a file ending in {', '.join(self.suffixes)}; found {self.path.name}"
            )

    def __iter__(self) -> Iterator[R | BadRow]:
        """Yield every record, checked or as a `BadRow`, in file order."""
        self.progress = 0.0
        suffix = self.path.suffix.lower()
        if suffix == ".parquet":
            yield from self._parquet()
        elif suffix in {".csv", ".tsv"}:
            yield from self._csv()
        else:
            yield from self._json(whole=suffix == ".json")
        self.progress = 1.0

    def _parquet(self) -> Iterator[R | BadRow]:
        try:
            file = pq.ParquetFile(self.path)
            columns = self.columns_of(file.schema_arrow.names)
            columns.refuse_twice(file.schema_arrow.names)
            number, total = 0, max(file.metadata.num_rows, 1)
            wanted = list(dict.fromkeys(columns.columns.values()))
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
                for record in _records(batch):
                    number += 1
                    self.progress = number / total
                    yield self._checked(number, record, columns)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"expected a Parquet file; {self.path.name} can't be read as one: {error}"
            ) from None

    def _json(self, *, whole: bool) -> Iterator[R | BadRow]:
        """Yield the records of JSON Lines, or of one document, which only exports are."""
        del whole
        columns: ColumnMap | None = None
        with self.path.open("rb") as file:
            _refuse_utf16(file, self.path)
            for number, line in enumerate(filter(bytes.strip, self._lines(file)), start=1):
                try:
                    record = _json_object(line)
                    columns = self.columns_of_object(list(record), columns)
                    yield self.row(number, record, columns)
                except RowError as error:
                    yield BadRow.of(number, error)

    def _csv(self) -> Iterator[R | BadRow]:
        csv.field_size_limit(_MAX_FIELD_CHARS)
        with self.path.open("rb") as file:
            _refuse_utf16(file, self.path)
            lines = (line.decode("utf-8", "surrogateescape") for line in self._lines(file))
            head = next(lines, "").removeprefix("\ufeff")
            if not head.strip():
                raise InputError(f"expected a header line; {self.path.name} is empty")
            first = "\t" if self.path.suffix.lower() == ".tsv" else ""
            delimiter = max(first + _DELIMITERS, key=head.count)
            reader = csv.reader(chain([head], lines), delimiter=delimiter, strict=True)
            try:
                header = [name.strip() for name in next(reader)]
            except csv.Error as error:
                raise InputError(
                    f"expected a header line; that of {self.path.name} is no valid CSV ({error})"
                ) from None
            row = self.row_of(header)
            number = 0
            while True:
                first_line = reader.line_num + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    values, problem = [""], f"no valid CSV ({error})"
                else:
                    problem = ""
                if not values:
                    continue
                number += 1
                span = f"lines {first_line} to {reader.line_num}"
                yield _csv_row(number, values, header, row, problem=problem, span=span)

    def _checked(
        self, number: int, record: Mapping[str, Any] | None, columns: ColumnMap
    ) -> R | BadRow:
        if record is None:
            return BadRow(number, "expected text, numbers and times; found a value that is none")
        try:
            return self.row(number, record, columns)
        except RowError as error:
            return BadRow.of(number, error)

    def row_of(self, header: list[str]) -> Callable[[int, list[str]], R]:
        """Return what turns a CSV line's number and values into a record, `RowError` or not."""
        columns = self.columns_of(header)
        columns.refuse_twice(header)
        return lambda number, values: self.row(
            number, dict(zip(header, values, strict=True)), columns
        )

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield the file's lines, keeping ``progress`` up to date by bytes."""
        size = max(self.path.stat().st_size, 1)
        done = file.tell()
        for line in file:
            done += len(line)
            self.progress = done / size
            yield line


def ticket_suffixes(mapping: Mapping[str, str]) -> Sequence[str]:
    """Return how the names of files of tickets may end: those of exports by an `ExportMap`."""
    return _EXPORT_SUFFIXES if isinstance(mapping, ExportMap) else SUFFIXES


@dataclass
class TicketFile(RecordFile[Row]):
    """One file of tickets; ``more`` and ``need_words`` are as in `ColumnMap.resolve`.

    With an `ExportMap` it is a help desk's export.
    """

    more: Sequence[str] = ()
    need_words: bool = True
    what: ClassVar[str] = "tickets"

    @property
    def suffixes(self) -> Sequence[str]:
        """How the names of such files may end."""
        return ticket_suffixes(self.mapping)

    @property
    def _export(self) -> Export | None:
        return self.mapping.export if isinstance(self.mapping, ExportMap) else None

    def _json(self, *, whole: bool) -> Iterator[Row | BadRow]:
        export = self._export
        if export is None:
            yield from super()._json(whole=whole)
            return
        with self.path.open("rb") as file:
            _refuse_utf16(file, self.path)
            yield from export.json_rows(self._lines(file), whole)

    def row_of(self, header: list[str]) -> Callable[[int, list[str]], Row]:
        """Return what turns a CSV line's number and values into a row."""
        export = self._export
        if export is None:
            return super().row_of(header)
        export.need_columns(header)
        return lambda number, values: export.csv_row(number, header, values)

    def columns_of(self, found: Sequence[str]) -> ColumnMap:
        """Return which of a table's columns is which field."""
        return ColumnMap.resolve(found, self.mapping, self.more, self.need_words)

    def columns_of_object(self, keys: Sequence[str], before: ColumnMap | None) -> ColumnMap:
        """Return the same for a JSON object: the first one's columns hold for all."""
        return before or ColumnMap.for_objects(keys, self.mapping, self.more, self.need_words)

    def row(self, number: int, record: Mapping[str, Any], columns: ColumnMap) -> Row:
        """Check one record and turn it into a `Row`."""
        return to_row(number, record, columns)


def _records(batch: pa.RecordBatch) -> Sequence[Mapping[str, Any] | None]:
    """Return the rows of a batch; None for one with a value that Python can't hold."""
    try:
        rows: Sequence[Mapping[str, Any]] = _whole_microseconds(batch).to_pylist()
    except (ValueError, OverflowError):
        single = [batch.slice(i, 1) for i in range(batch.num_rows)]
        return [None] if len(single) == 1 else [r for one in single for r in _records(one)]
    return rows


def _whole_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut nanoseconds off, which Python's times can't hold."""
    arrays = [
        a.cast(pa.timestamp("us", a.type.tz), safe=False)
        if pa.types.is_timestamp(a.type) and a.type.unit == "ns"
        else a
        for a in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _json_object(line: bytes) -> dict[str, Any]:
    record = parse_json(line)
    if not isinstance(record, dict):
        raise RowError(f"expected a JSON object; found {type(record).__name__}")
    return record


def _csv_row(
    number: int,
    values: list[str],
    header: list[str],
    row: Callable[[int, list[str]], R],
    *,
    problem: str,
    span: str,
) -> R | BadRow:
    if not problem and len(values) != len(header):
        problem = f"expected {len(header)} fields as in the header; found {len(values)}"
    if problem:
        return BadRow(number, f"{problem} ({span}: is a quote left open?)")
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return BadRow(number, f"expected UTF-8; found other bytes ({span})")
    try:
        return row(number, values)
    except RowError as error:
        return BadRow.of(number, error)


def _refuse_utf16(file: BinaryIO, path: Path) -> None:
    start = file.read(4)
    file.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise InputError(
            f"expected UTF-8; {path.name} looks like UTF-16 or binary: convert it, "
            "for instance with iconv -f UTF-16 -t UTF-8"
        )

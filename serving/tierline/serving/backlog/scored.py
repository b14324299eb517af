"""Read back the answers that `tierline score` wrote, as far as the queue needs them."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from tierline.data.errors import InputError
from tierline.serving.queue.entry import Scored

_COLUMNS: Final = tuple(Scored.model_fields)


class ScoredAnswers:
    """The answers of a file, by the ticket's id.

    ``unusable`` counts rows that are no answer, or an id's second one: their tickets have none.

    Raises:
        InputError: when the file is unusable as a whole, or holds no answers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unusable = 0
        self._found: dict[str, Scored] = {}
        for record in _records(path):
            given = {k: v for k, v in record.items() if v is not None and v != ""}
            try:
                answer = Scored.model_validate(given)
            except ValidationError:
                self.unusable += 1
                continue
            if self._found.setdefault(answer.id, answer) is not answer:
                self.unusable += 1
        if not self._found:
            raise InputError(
                f"expected answers, as 'tierline score' writes them, with the columns "
                f"{', '.join(_COLUMNS)}; found none in {path.name}"
            )

    def get(self, name: str) -> Scored | None:
        """Return a ticket's answer."""
        return self._found.get(name)


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"--answers: expected a file ending in {', '.join(readers)}; found {path.name}"
        )
    try:
        yield from reader(path)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise InputError(f"--answers: {path.name} can't be read: {error}") from None


def _csv(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: row.get(name) for name in _COLUMNS}


def _jsonl(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in filter(str.strip, file):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = {}
            fields = record if isinstance(record, dict) else {}
            yield {name: fields.get(name) for name in _COLUMNS}


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    file = pq.ParquetFile(path)
    wanted = [name for name in _COLUMNS if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=wanted):
        yield from batch.to_pylist()

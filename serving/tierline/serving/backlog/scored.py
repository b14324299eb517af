"""Read back what `tierline score` and `tierline queue` wrote, as far as the queue needs it."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from tierline.data.errors import InputError
from tierline.data.ticket import utc_when_naive
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
        for record in _records(path, _COLUMNS):
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

    def take(self, name: str) -> Scored | None:
        """Return a ticket's answer, once: it is no answer for a row whose number is that id."""
        return self._found.pop(name, None)


def first_seen(queue: Path) -> dict[str, datetime]:
    """Return from when each ticket counts by its id, as the last queue in a file says.

    Nothing where there is no such file, or none that can be read: it is about to be replaced.
    """
    found: dict[str, datetime] = {}
    if queue.exists():
        with suppress(InputError):
            for record in _records(queue, ("id", "since")):
                with suppress(ValueError):
                    since = utc_when_naive(record.get("since"))
                    if isinstance(since, datetime):
                        found[str(record["id"])] = since
    return found


def _records(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"--answers: expected a file ending in {', '.join(readers)}; found {path.name}"
        )
    try:
        yield from reader(path, columns)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise InputError(f"--answers: {path.name} can't be read: {error}") from None


def _csv(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: row.get(name) for name in columns}


def _jsonl(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for line in filter(str.strip, file):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = {}
            fields = record if isinstance(record, dict) else {}
            yield {name: fields.get(name) for name in columns}


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    file = pq.ParquetFile(path)
    wanted = [name for name in columns if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=wanted):
        yield from batch.to_pylist()

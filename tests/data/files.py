"""Small files of tickets in every format, and what is read of them."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tierline.data.columns import parse_map
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row

DELIMITERS = {
    "comma.csv": ",",
    "semicolon.csv": ";",
    "pipe.csv": "|",
    "tab.csv": "\t",
    "t.tsv": "\t",
}
Records = list[dict[str, str]]


def read(path: Path, spec: str | None = None) -> list[Row | BadRow]:
    return list(TicketFile(path, parse_map(spec)))


def read_bytes(folder: Path, name: str, data: bytes, spec: str | None = None) -> list[Row | BadRow]:
    path = folder / name
    path.write_bytes(data)
    return read(path, spec)


def good(row: Row | BadRow) -> Row:
    assert isinstance(row, Row), row
    return row


def reason(row: Row | BadRow) -> str:
    assert isinstance(row, BadRow), row
    return row.reason


def bodies(rows: Sequence[Row | BadRow]) -> list[str | None]:
    return [row.ticket.body if isinstance(row, Row) else None for row in rows]


def csv_bytes(rows: Sequence[Sequence[str]], delimiter: str = ",", quote_all: bool = True) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=1 if quote_all else 0).writerows(rows)
    return text.getvalue().encode(errors="surrogatepass")


def write_csv(path: Path, items: Records) -> None:
    header = list(items[0]) if items else ["id", "subject", "body"]
    rows = [header, *([item[name] for name in header] for item in items)]
    path.write_bytes(csv_bytes(rows, DELIMITERS[path.name]))


def write_jsonl(path: Path, items: Records) -> None:
    lines = (json.dumps(item, ensure_ascii=bool(i % 2)) for i, item in enumerate(items))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")


def write_parquet(path: Path, items: Records) -> None:
    schema = pa.schema([(name, pa.string()) for name in ("id", "subject", "body")])
    pq.write_table(pa.Table.from_pylist(items, schema=schema), path)


WRITERS: dict[str, Callable[[Path, Records], None]] = {
    **dict.fromkeys(DELIMITERS, write_csv),
    "a.jsonl": write_jsonl,
    "a.ndjson": write_jsonl,
    "a.parquet": write_parquet,
}

"""Parquet files: what their types and damages become."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierline.data import InputError

from .files import (
    bodies,
    good,
    read,
    read_bytes,
    reason,
)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"body\nx\n"])
def test_no_parquet_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="expected a Parquet file"):
        read_bytes(tmp_path, "a.parquet", data)


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"body": [f"ticket {i}" for i in range(5_000)]}), path)
    data = bytearray(path.read_bytes())
    data[60:400] = b"\xff" * 340
    with pytest.raises(InputError, match="expected a Parquet file"):
        read_bytes(tmp_path, path.name, bytes(data))


def test_null_and_nan_in_parquet(tmp_path: Path) -> None:
    table = pa.table({"body": ["x", None], "order_value": [float("nan"), None]})
    pq.write_table(table, tmp_path / "a.parquet")
    rows = [good(row) for row in read(tmp_path / "a.parquet")]
    assert [row.ticket.body for row in rows] == ["x", ""]
    assert [row.ticket.order_value for row in rows] == [None, None]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([datetime(2026, 3, 2)], pa.timestamp("us")),
        pa.array([datetime(2026, 3, 2, tzinfo=UTC)], pa.timestamp("s", "Europe/Berlin")),
        pa.array([datetime(2026, 3, 2)], pa.timestamp("ns")),
        pa.array([1_772_409_600_000_000_001], pa.timestamp("ns")),
        pa.array([1_772_409_600_000_000_001], pa.timestamp("ns", "UTC")),
        pa.array([date(2026, 3, 2)], pa.date32()),
        pa.array(["2026-03-02"]),
        pa.array([1_772_409_600]),
    ],
)
def test_times_in_parquet_are_in_utc(tmp_path: Path, times: Any) -> None:
    pq.write_table(pa.table({"body": ["x"], "created_at": times}), tmp_path / "a.parquet")
    found = good(read(tmp_path / "a.parquet")[0]).ticket.created_at
    assert found is not None
    assert found.tzinfo is not None
    assert found == datetime(2026, 3, 2, tzinfo=UTC)


def test_values_that_python_cannot_hold_in_parquet(tmp_path: Path) -> None:
    times = pa.array([0, 2**62, 0], pa.timestamp("us"))
    pq.write_table(pa.table({"body": ["a", "b", "c"], "created_at": times}), tmp_path / "a.parquet")
    rows = read(tmp_path / "a.parquet")
    assert bodies(rows) == ["a", None, "c"]
    assert "found a value that is none" in reason(rows[1])


def test_text_that_is_no_utf_8_in_parquet(tmp_path: Path) -> None:
    offsets, data = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffb")
    texts = pa.StringArray.from_buffers(2, offsets, data)
    pq.write_table(pa.table({"body": texts}), tmp_path / "a.parquet")
    assert bodies(read(tmp_path / "a.parquet")) == [None, "b"]


def test_numbers_as_text_in_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([7], pa.decimal128(38, 0)),
            "body": [404],
            "issue_type": pa.array([3]),
            "current_tier": [2.0],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    row = good(read(tmp_path / "a.parquet")[0])
    assert (row.ticket.id, row.ticket.body, row.ticket.current_tier) == ("7", "404", 2)
    assert row.labels == {"issue_type": "3"}

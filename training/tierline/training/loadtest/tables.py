"""The figures of a load test as tables for people."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

from rich.table import Table

from tierline.training.loadtest.outcome import Step

_MINUTE: Final = 60


def loads(steps: Sequence[Step], title: str) -> Table:
    """Return a line for each load."""
    table = _table(title, "loop", "load", "tickets/s", "p50 ms", "p99 ms", "429", "errors", "MB")
    for row in (step.as_json() for step in steps):
        table.add_row(
            row["loop"], f"{row['load']:,.5g}", f"{row['tickets_per_second']:,.1f}",
            *_latencies(row), str(row["refused_429"]), str(row["errors"]), _megabytes(row),
        )  # fmt: skip
    return table


def soaked(points: Sequence[Step], title: str) -> Table:
    """Return a line for each point of a soak, by the minute at which it ended."""
    names = ("minute", "requests", "answered", "429", "errors", "p50 ms", "p99 ms", "MB")
    table = _table(title, *names)
    for end, point in zip(accumulate(p.seconds for p in points), points, strict=True):
        row = point.as_json()
        counts = (row[n] for n in ("requests", "answered", "refused_429", "errors"))
        table.add_row(
            f"{end / _MINUTE:,.4g}", *map(str, counts), *_latencies(row), _megabytes(row)
        )  # fmt: skip
    return table


def _table(title: str, *names: str) -> Table:
    table = Table(title=title)
    for name in names:
        table.add_column(name, justify="right")
    return table


def _latencies(row: dict[str, Any]) -> list[str]:
    return ["–" if row[n] is None else f"{row[n]:,.1f}" for n in ("p50_ms", "p99_ms")]


def _megabytes(row: dict[str, Any]) -> str:
    memory = row["memory_bytes"]
    return "–" if memory is None else f"{memory / 1e6:,.0f}"

"""JSON Lines: every line counts, and a bad one says why without its text."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierline.data.rows import BadRow

from .files import (
    bodies,
    good,
    read_bytes,
    reason,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"[1]", "expected a JSON object; found list"),
        (b'"x"', "expected a JSON object; found str"),
        (b"null", "expected a JSON object; found NoneType"),
        (b"NaN", "expected a JSON object; found float"),
        (b"{", "no valid JSON: Expecting property name enclosed in double quotes at column"),
        (b'{"body": "x"} {}', "no valid JSON: Extra data at column 15"),
        (b"[" * 100_000, "no usable JSON: nested too deeply"),
        (b'{"body": ' * 100_000, "no usable JSON: nested too deeply"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "no usable JSON: a number with thousands of digits"),
        (b'{"body": "x\\ud800"}', "body: expected Unicode text; found half a surrogate pair"),
        (b'{"severity": "\\udfff"}', "severity: expected Unicode text"),
        (b'{"body": "\xed\xa0\x80"}', "expected UTF-8; found byte 0xed"),
        (b'{"body": {"text": "x"}}', "body: expected text; found dict"),
    ],
)
def test_a_bad_line_of_json(tmp_path: Path, line: bytes, expected: str) -> None:
    rows = read_bytes(tmp_path, "a.jsonl", b'{"body": "a"}\n' + line + b'\n{"body": "b"}\n')
    assert bodies(rows) == ["a", None, "b"]
    assert reason(rows[1]).startswith(expected)


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b"null"])
def test_a_bad_first_line_of_json(tmp_path: Path, line: bytes) -> None:
    assert bodies(read_bytes(tmp_path, "a.jsonl", line + b'\n{"text": "b"}')) == [None, "b"]


@pytest.mark.parametrize(
    "field", ["id", "body", "severity", "split", "attempts", "locked_by_human"]
)
def test_no_depth_of_json_ends_the_job(tmp_path: Path, field: str) -> None:
    depths = [1, 2, 50, *range(800, 1_020)]
    lines = [b'{"%s": %s1%s}' % (field.encode(), b"[" * n, b"]" * n) for n in depths]
    rows = read_bytes(tmp_path, "a.jsonl", b"\n".join([b'{"body": "a"}', *lines]))
    assert len(rows) == len(depths) + 1
    assert all(isinstance(row, BadRow) for row in rows[1:])


def test_null_nan_and_blanks_say_nothing(tmp_path: Path) -> None:
    line = (
        b'{"body": NaN, "subject": "s", "attempts": null, "severity": " ", "waited_minutes": NaN}'
    )
    row = good(read_bytes(tmp_path, "a.jsonl", line)[0])
    assert (row.ticket.body, row.ticket.attempts, row.ticket.waited_minutes) == ("", None, None)
    assert row.labels == {}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b" ")), max_size=8))
@example([b'{"id": ' + b"9" * 5_000 + b"}"])
def test_every_line_of_json_counts(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    data = b"\n".join([b'{"body": "x"}', *lines])
    rows = read_bytes(tmp_path_factory.getbasetemp(), "count.jsonl", data)
    assert len(rows) == 1 + sum(1 for line in lines if line.strip())

"""Every record of a file comes out once, as a row or as a bad row with a reason."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierline.data import InputError
from tierline.data.columns import FIELDS
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row

from .files import (
    WRITERS,
    Records,
    bodies,
    csv_bytes,
    good,
    read,
    read_bytes,
    reason,
    write_csv,
    write_jsonl,
)

PLANTED = "zebrafish"


records = st.lists(
    st.fixed_dictionaries({"id": st.text(max_size=8), "subject": st.text(), "body": st.text()}),
    max_size=8,
)


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=40)
@given(items=records)
@example(items=[{"id": "1", "subject": 'a "b", c;\td|', "body": "x\r\ny\n\nz\r\x00\u2028\ufeff"}])
@example(items=[])
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, name: str, items: Records) -> None:
    path = tmp_path_factory.getbasetemp() / name
    WRITERS[name](path, items)
    rows = [good(row) for row in read(path)]
    assert [row.number for row in rows] == list(range(1, len(items) + 1))
    for row, item in zip(rows, items, strict=True):
        said = {k: v if v.strip() else "" for k, v in item.items()}
        assert row.ticket.id == (said["id"] or str(row.number))
        assert (row.ticket.subject, row.ticket.body) == (said["subject"], said["body"])


def test_all_fields_come_back(tmp_path: Path) -> None:
    item = {
        "id": "T-1",
        "subject": "s",
        "body": "b",
        "channel": "email",
        "customer_tier": "smb",
        "created_at": "2026-03-02T10:00:00+01:00",
        "waited_minutes": "12.5",
        "attempts": "2",
        "order_value": "99.90",
        "current_tier": "3",
        "locked_by_human": "yes",
        "severity": " P2 ",
        "issue_type": "of my own",
        "sentiment": "",
        "split": "test",
        "industry": "retail",
        "unknown": "ignored",
    }
    write_csv(tmp_path / "comma.csv", [item])
    write_jsonl(tmp_path / "a.jsonl", [item])
    pq.write_table(pa.Table.from_pylist([item]), tmp_path / "a.parquet")
    first, *others = (good(read(path)[0]) for path in sorted(tmp_path.iterdir()))
    assert others == [first, first]
    assert first.labels == {"severity": "P2", "issue_type": "of my own"}
    assert first.extra == {"split": "test", "industry": "retail"}
    assert first.ticket.created_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (first.ticket.waited_minutes, first.ticket.attempts) == (12.5, 2)
    assert (first.ticket.current_tier, first.ticket.locked_by_human) == (3, True)


@pytest.mark.parametrize("name", WRITERS)
def test_progress_grows_to_one(tmp_path: Path, name: str) -> None:
    items = [{"id": str(i), "subject": "s", "body": "b" * 50} for i in range(2_500)]
    WRITERS[name](tmp_path / name, items)
    file = TicketFile(tmp_path / name)
    seen = [file.progress for _ in file]
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.5 < seen[-1] <= 1.0 == file.progress
    assert len(list(file)) == len(seen)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_byte_order_mark_and_line_ends(tmp_path: Path, start: bytes, end: bytes) -> None:
    lines = b"body,id", b"x,7", b"", b"y,8"
    rows = read_bytes(tmp_path, "a.csv", start + end.join(lines))
    assert [(good(r).ticket.body, good(r).ticket.id) for r in rows] == [("x", "7"), ("y", "8")]
    rows = read_bytes(tmp_path, "a.jsonl", start + b'{"body": "x"}' + end + end + b'{"body": "y"}')
    assert bodies(rows) == ["x", "y"]


@pytest.mark.parametrize("header", [b"words, label", b" words ,label\t", b'words," label "'])
def test_blanks_around_the_names_of_a_csv_header_do_not_count(
    tmp_path: Path, header: bytes
) -> None:
    data = header + b"\nhello, bug\n"
    row = good(read_bytes(tmp_path, "a.csv", data, "body=words,issue_type=label")[0])
    assert (row.ticket.body, row.labels) == ("hello", {"issue_type": "bug"})


def test_names_that_are_no_unicode_can_be_printed(tmp_path: Path) -> None:
    for name, data in (("a.csv", b"gr\xfc\xdfe\nx\n"), ("a.jsonl", b'{"gr\\ud800": "x"}')):
        with pytest.raises(InputError, match=r"found: gr\?") as caught:
            read_bytes(tmp_path, name, data)
        str(caught.value).encode()


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file of tickets; found none"):
        TicketFile(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="found none"):
        TicketFile(tmp_path)


def test_another_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()
    with pytest.raises(InputError, match=r"ending in \.csv, .*; found a\.xlsx"):
        TicketFile(tmp_path / "a.xlsx")


def test_the_suffix_may_be_upper_case(tmp_path: Path) -> None:
    assert bodies(read_bytes(tmp_path, "A.CSV", b"body\nx\n")) == ["x"]


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_csv_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"expected a header line; a\.csv is empty"):
        read_bytes(tmp_path, "a.csv", data)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b"body\n"), ("a.csv", b"body"), ("a.jsonl", b""), ("a.jsonl", b"\n \n")],
)
def test_a_file_without_records(tmp_path: Path, name: str, data: bytes) -> None:
    assert read_bytes(tmp_path, name, data) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_utf_16_is_refused_with_a_remedy(tmp_path: Path, name: str, encoding: str) -> None:
    text = "body\nx\n" if name == "a.csv" else '{"body": "x"}\n'
    with pytest.raises(InputError, match="UTF-16 or binary: convert it"):
        read_bytes(tmp_path, name, text.encode(encoding))


@pytest.mark.parametrize("data", [b"body,id\rx,1\r", b'"body,id\nx,1\n'])
def test_a_broken_header(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"that of a\.csv is no valid CSV"):
        read_bytes(tmp_path, "a.csv", data)


def test_ragged_rows(tmp_path: Path) -> None:
    rows = read_bytes(tmp_path, "a.csv", b"id,body\n1,a\n2\n3,b,c\n4,d\n")
    assert bodies(rows) == ["a", None, None, "d"]
    assert reason(rows[1]).startswith("expected 2 fields as in the header; found 1 (lines 3 to 3")
    assert "found 3 (lines 4 to 4" in reason(rows[2])


def test_latin_1_in_one_row(tmp_path: Path) -> None:
    rows = read_bytes(tmp_path, "a.csv", "id,body\n1,a\n2,grün\n3,c\n".encode("latin-1"))
    assert bodies(rows) == ["a", None, "c"]
    assert reason(rows[1]) == "expected UTF-8; found other bytes (lines 3 to 3)"
    rows = read_bytes(tmp_path, "a.jsonl", '{"body": "ü"}\n{"body": "b"}\n'.encode("latin-1"))
    assert bodies(rows) == [None, "b"]
    assert reason(rows[0]) == "expected UTF-8; found byte 0xfc"


@pytest.mark.parametrize("columns", ["id,body", "body,id", "body"])
def test_a_quote_left_open_is_no_row(tmp_path: Path, columns: str) -> None:
    n = columns.count(",")
    line, open_line = b"x" + b",y" * n, b"x," * n + b'"y'
    data = b"\n".join([columns.encode(), line, open_line, line, line])
    rows = read_bytes(tmp_path, "a.csv", data)
    assert isinstance(rows[0], Row)
    assert len(rows) == 2
    assert "no valid CSV (unexpected end of data) (lines 3 to 5: is a quote" in reason(rows[1])


def test_a_quote_that_a_later_row_closes_is_no_row(tmp_path: Path) -> None:
    rows = read_bytes(tmp_path, "a.csv", b'id,body\n1,"a\n2,"b"\n3,c\n')
    assert bodies(rows) == [None, "c"]
    assert "lines 2 to 3" in reason(rows[0])


def test_line_numbers_count_the_lines_of_the_file(tmp_path: Path) -> None:
    rows = read_bytes(tmp_path, "a.csv", b'"id\nx",body\n1,"a\nb"\n\n2,"c\nd",e\n3,f\n')
    assert bodies(rows) == ["a\nb", None, "f"]
    assert "(lines 6 to 7:" in reason(rows[1])
    assert [row.number for row in rows] == [1, 2, 3]


def test_nul_bytes_are_read_as_blanks_later(tmp_path: Path) -> None:
    assert bodies(read_bytes(tmp_path, "a.csv", b"body\nx\x00y\n")) == ["x\x00y"]
    assert bodies(read_bytes(tmp_path, "a.jsonl", b'{"body": "x\\u0000y"}')) == ["x\x00y"]
    assert "no valid JSON" in reason(read_bytes(tmp_path, "a.jsonl", b'{"body": "\x00"}')[0])


@pytest.mark.parametrize("name", ["comma.csv", "a.jsonl", "a.parquet"])
def test_a_body_of_a_megabyte(tmp_path: Path, name: str) -> None:
    items = [{"id": str(i), "subject": "s", "body": "x" * n} for i, n in enumerate((1_000_000, 9))]
    WRITERS[name](tmp_path / name, items)
    rows = read(tmp_path / name)
    assert reason(rows[0]) == "body: expected at most 200,000 characters; found 1,000,000"
    assert bodies(rows) == [None, "x" * 9]


def test_a_field_beyond_the_csv_limit(tmp_path: Path) -> None:
    rows = read_bytes(tmp_path, "a.csv", b"body\n" + b"x" * (17 << 20) + b"\ny\n")
    assert "field larger than field limit" in reason(rows[0])
    assert bodies(rows) == [None, "y"]


csv_text = st.text(st.sampled_from("ab ,;\t|\r\n\"'\x00\u2028ü") | st.characters(), max_size=8)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(csv_text, min_size=1, max_size=4), max_size=6),
    st.booleans(),
)
def test_every_record_of_csv_counts(
    tmp_path_factory: pytest.TempPathFactory, items: list[list[str]], quote_all: bool
) -> None:
    data = csv_bytes([["id", "body"], *items], quote_all=quote_all)
    rows = read_bytes(tmp_path_factory.getbasetemp(), "count.csv", data)
    assert [row.number for row in rows] == list(range(1, len(items) + 1))
    for row, item in zip(rows, items, strict=True):
        assert isinstance(row, BadRow) or len(item) == 2


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet"]), st.binary())
def test_no_bytes_raise_anything_but_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    start = {"a.csv": b'body,"', "a.tsv": b"body\t", "a.jsonl": b'{"body":', "a.parquet": b"PAR1"}
    for content in (data, start[name] + data, b"body,id\n" + data):
        try:
            rows = read_bytes(tmp_path_factory.getbasetemp(), name, content)
        except InputError as error:
            str(error).encode()
        else:
            assert [row.number for row in rows] == list(range(1, len(rows) + 1))


secret = st.sampled_from(
    [
        PLANTED,
        f" {PLANTED.upper()}\n",
        f"{PLANTED} " * 30_000,
        f"{PLANTED}\ud800",
        f"2026-{PLANTED}",
    ]
)


wrong = secret | st.lists(secret, max_size=2) | st.dictionaries(secret, secret, max_size=1)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), wrong, min_size=1, max_size=3))
def test_no_reason_tells_text_of_a_json_row(
    tmp_path_factory: pytest.TempPathFactory, item: dict[str, Any]
) -> None:
    line = json.dumps({"created_at": PLANTED, **item})
    data = "\n".join(['{"body": "x"}', line, line[:-1], f"[{line}]", f"{PLANTED} {line}"]).encode()
    rows = read_bytes(
        tmp_path_factory.getbasetemp(), "secret.jsonl", data + b"\n\xff" + line.encode()
    )
    assert len(rows) == 6
    for row in rows[1:]:
        assert PLANTED not in reason(row).casefold()


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from([name for name in FIELDS if name not in {"id", "subject", "body"}]),
    st.sampled_from(
        [
            f"{PLANTED}\xff",
            f"{PLANTED},{PLANTED}",
            f'"{PLANTED}',
            f'"{PLANTED}"{PLANTED}',
            f'"{PLANTED}"\r{PLANTED}',
            f"{PLANTED} " * 30_000,
        ]
    ),
)
def test_no_reason_tells_text_of_a_csv_row(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: str
) -> None:
    data = f"body,{field}\n{value},{PLANTED}\n".encode("latin-1")
    rows = read_bytes(tmp_path_factory.getbasetemp(), "secret.csv", data)
    assert len(rows) == 1
    assert PLANTED not in reason(rows[0]).casefold()

"""Which column of a file is which field."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierline.data import InputError
from tierline.data.columns import ColumnMap, parse_map

from .files import WRITERS, bodies, csv_bytes, good, read, read_bytes, reason, write_jsonl


def test_a_map_is_read() -> None:
    assert parse_map(" body = Long text , issue_type=a=b,") == {
        "body": "Long text",
        "issue_type": "a=b",
    }
    assert parse_map(None) == parse_map("") == {}


@pytest.mark.parametrize("spec", ["body", "=", "=x", "nonsense=x", "nonsense=", "body=x,y"])
def test_a_wrong_map_is_refused(spec: str) -> None:
    with pytest.raises(
        InputError, match="--map: expected FIELD=COLUMN with a field of id, subject"
    ):
        parse_map(spec)


def test_several_maps_are_one() -> None:
    both = {"body": "b", "subject": "s", "issue_type": ""}
    assert parse_map(["body=b,subject=s", "issue_type="]) == both
    assert parse_map([]) == {}


@pytest.mark.parametrize("spec", ["body=a,body=b", ["body=a", "subject=s,body=b"]])
def test_a_field_has_one_column(spec: str | list[str]) -> None:
    said = "--map: expected one column for body; found 'a' and 'b': leave one out"
    with pytest.raises(InputError, match=f"^{said}$"):
        parse_map(spec)


@pytest.mark.parametrize("name", ["comma.csv", "a.jsonl", "a.parquet"])
def test_mapped_columns_win_over_equal_names(tmp_path: Path, name: str) -> None:
    item = {"body": "no", "description": "yes", "topic": "my label"}
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist([item]), path)
    else:
        WRITERS[name](path, [item])
    row = good(read(path, "body=description,issue_type=topic")[0])
    assert (row.ticket.body, row.labels) == ("yes", {"issue_type": "my label"})


@pytest.mark.parametrize("name", ["comma.csv", "a.jsonl", "a.parquet"])
def test_a_field_may_be_left_unread(tmp_path: Path, name: str) -> None:
    item = {"body": "b", "customer_tier": "gold", "severity": "P1", "": "an index"}
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist([item]), path)
    else:
        WRITERS[name](path, [item])
    assert "customer_tier" in reason(read(path)[0])
    row = good(read(path, "customer_tier=, severity =")[0])
    assert (row.ticket.customer_tier, row.labels) == (None, {})


def test_the_words_may_not_all_be_left_unread(tmp_path: Path) -> None:
    for name, data in (("a.csv", b"body,text\nx,y\n"), ("a.jsonl", b'{"body": "x", "text": "y"}')):
        with pytest.raises(InputError, match=r"found: body, text\. Name it with --map body=COLUMN"):
            read_bytes(tmp_path, name, data, "body=")


@pytest.mark.parametrize("name", ["comma.csv", "a.parquet"])
def test_a_mapped_column_that_is_missing(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [{"id": "1", "subject": "s", "body": "b"}])
    with pytest.raises(InputError, match="lacks: gone; it has: id, subject, body"):
        read(tmp_path / name, "body=gone")


def test_a_mapped_field_that_the_first_object_lacks(tmp_path: Path) -> None:
    rows = read_bytes(
        tmp_path, "a.jsonl", b'{"body": "a"}\n{"body": "b", "topic": "x"}\n', "issue_type=topic"
    )
    assert [good(row).labels for row in rows] == [{}, {"issue_type": "x"}]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b"id,words\n1,x\n"), ("a.jsonl", b'{"id": 1, "words": "x"}\n')],
)
def test_a_file_without_words_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(InputError, match=r"found: id, words\. Name it with --map body=COLUMN"):
        read_bytes(tmp_path, name, data)


def test_a_parquet_file_without_words_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"words": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="found: words"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("column", ["text", "body", "subject"])
def test_one_column_of_text_is_enough(tmp_path: Path, column: str) -> None:
    for name, write in WRITERS.items():
        path = tmp_path / name
        if name == "a.parquet":
            pq.write_table(pa.table({column: ["a, b; c", "d"]}), path)
        else:
            write(path, [{column: "a, b; c"}, {column: "d"}])
        tickets = [good(row).ticket for row in read(path)]
        assert [t.subject or t.body for t in tickets] == ["a, b; c", "d"]
        assert [t.id for t in tickets] == ["1", "2"]


@pytest.mark.parametrize("name", ["comma.csv", "a.parquet"])
def test_a_column_that_is_read_comes_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    header, line = ["id", "body", "body", "note", "note"], ["1", "all is lost", "a note", "x", "y"]
    if name == "a.parquet":
        pq.write_table(pa.table([[cell] for cell in line], names=header), path)
    else:
        path.write_bytes(csv_bytes([header, line]))
    with pytest.raises(InputError, match="found more than one 'body': rename the others"):
        read(path)
    with pytest.raises(InputError, match="found more than one 'note'"):
        read(path, "body=note")
    assert good(read(path, "body=,subject=id")[0]).ticket.subject == "1"


def test_text_stands_back_for_body() -> None:
    assert ColumnMap.resolve(["text", "body"], {}).columns == {"body": "body"}
    assert ColumnMap.resolve(["text", "subject"], {}).columns["body"] == "text"


@pytest.mark.parametrize(
    "items",
    [
        [{"text": "hi"}, {"body": "all our data was deleted"}],
        [{"body": "hi"}, {"text": "all our data was deleted"}],
        [{"subject": "hi"}, {"text": "all our data was deleted"}],
        [{"body": "hi"}, {"body": " ", "text": "all our data was deleted"}],
        [{"text": "hi"}, {"body": "all our data was deleted", "text": "a note"}],
    ],
)
def test_each_object_has_its_words_in_body_or_text(
    tmp_path: Path, items: list[dict[str, str]]
) -> None:
    write_jsonl(tmp_path / "a.jsonl", items)
    assert bodies(read(tmp_path / "a.jsonl"))[1] == "all our data was deleted"


@pytest.mark.parametrize("spec", ["body=", "body=description"])
def test_text_never_stands_in_for_a_body_that_is_mapped(tmp_path: Path, spec: str) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"subject": "s", "text": "internal note"}])
    assert bodies(read(tmp_path / "a.jsonl", spec)) == [""]


def test_a_tsv_file_of_one_column_may_hold_commas(tmp_path: Path) -> None:
    assert bodies(read_bytes(tmp_path, "a.tsv", b"text\nhello, you\n")) == ["hello, you"]

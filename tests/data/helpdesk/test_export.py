"""Files of exports: every record comes out once, and a file of another kind is named as such."""

import json
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError
from tierline.data.helpdesk import Format, export_map
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row

PLANTED = "zebrafish"


def good(number: int) -> dict[str, Any]:
    return {"id": number, "subject": f"s{number}"}


def read(
    folder: Path, name: str, content: str | bytes, source: Format = Format.ZENDESK, **pairs: str
) -> list[Row | BadRow]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(TicketFile(path, export_map(pairs, source)))


def ids(rows: list[Row | BadRow]) -> list[str | None]:
    return [row.ticket.id if isinstance(row, Row) else None for row in rows]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document",
    [
        [good(1), good(2)],
        {"tickets": [good(1), good(2)], "count": 2},
        {"results": [good(1), good(2)]},
    ],
)
def test_one_document(tmp_path: Path, document: Any, indent: int | None) -> None:
    assert ids(read(tmp_path, "a.json", json.dumps(document, indent=indent))) == ["1", "2"]


def test_one_record(tmp_path: Path) -> None:
    assert ids(read(tmp_path, "a.json", json.dumps({"ticket": good(1)}))) == ["1"]
    assert ids(read(tmp_path, "a.json", json.dumps(good(2)))) == ["2"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_a_document_per_line(tmp_path: Path, name: str) -> None:
    lines = [json.dumps(good(1)), "", json.dumps({"tickets": [good(2), good(3)]})]
    assert ids(read(tmp_path, name, "\ufeff" + "\n".join(lines))) == ["1", "2", "3"]


def test_bad_records_are_quarantined_one_by_one(tmp_path: Path) -> None:
    bad = [
        7,
        {"id": 1, "subject": [PLANTED]},
        {"users": PLANTED},
        {**good(1), "created_at": PLANTED},
    ]
    rows = read(tmp_path, "a.json", json.dumps({"tickets": [*bad, good(5)]}))
    assert ids(rows) == [None, None, None, None, "5"]
    reasons = [row.reason for row in rows if isinstance(row, BadRow)]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert reasons[0] == "expected a JSON object; found int"
    assert reasons[1] == "subject: expected text; found list"
    assert reasons[3].startswith("created_at: expected a time")
    assert not any(PLANTED in reason for reason in reasons)


def test_a_broken_line_costs_that_line(tmp_path: Path) -> None:
    text = f'{json.dumps(good(1))}\n{{"id": "{PLANTED}\n{json.dumps(good(3))}\n'
    rows = read(tmp_path, "a.json", text)
    assert ids(rows) == ["1", None, "3"]
    assert PLANTED not in str(rows[1])


@pytest.mark.parametrize(
    ("source", "content", "says"),
    [
        (Format.ZENDESK, {"users": [{"name": PLANTED}]}, "it has: users"),
        (Format.FRESHDESK, {"helpdesk_ticket": {"subject": PLANTED}}, "version 1"),
        (
            Format.INTERCOM,
            {"conversations": [{"id": 1, "conversation_message": {}}]},
            "2.0 or later",
        ),
        (Format.JIRA, {"tickets": [good(1)]}, "expected a Jira issue"),
        (Format.ZENDESK, [{f"{PLANTED} my card is 4111": 1}], "a name of"),
    ],
)
def test_another_kind_of_file_is_refused(
    tmp_path: Path, source: Format, content: Any, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, "a.json", json.dumps(content), source)
    assert PLANTED not in str(caught.value)


def test_a_foreign_file_ends_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"users": 1}\n' * 1000)
    rows = iter(TicketFile(path, export_map({}, Format.ZENDESK)))
    seen = 0
    with pytest.raises(InputError, match="expected a Zendesk ticket"):
        for _ in rows:
            seen += 1
    assert seen == 100


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b'{\n"tickets": [', b"\xff\xfe{\x00", b"[" * 100_000]
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError):
        read(tmp_path, "a.json", content)


def test_csv_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Zendesk's CSV export with the columns 'Id', 'Subject'"):
        read(tmp_path, "a.csv", "Numero,Asunto\n1,x\n")
    with pytest.raises(InputError, match="through its API as JSON"):
        read(tmp_path, "a.csv", "Conversation ID\n1\n", Format.INTERCOM)
    with pytest.raises(InputError, match="'Topic'"):
        read(tmp_path, "a.csv", "Id,Subject\n1,x\n", issue_type="Topic")


def test_capitals_of_csv_columns_do_not_matter(tmp_path: Path) -> None:
    header = "Ticket Id,Subject,Created Time,Customer Interactions,Company name\n"
    line = "7,Hello,2026-11-24 08:15:00,3,Enterprise\n"
    (row,) = read(tmp_path, "a.csv", header + line, Format.FRESHDESK)
    assert isinstance(row, Row)
    found = row.ticket
    assert (found.id, found.attempts, found.customer_tier) == ("7", 3, "enterprise")
    assert found.created_at is not None


def test_a_field_may_be_left_unread(tmp_path: Path) -> None:
    record = good(1) | {"status": "open", "": "x"}
    for name, content, words in (
        ("a.json", json.dumps(record), "subject"),
        ("a.csv", "Id,Subject,Status\n1,s1,open\n", "Subject"),
    ):
        (row,) = read(tmp_path, name, content, status="", subject="", body=words)
        assert isinstance(row, Row)
        assert (row.ticket.status, row.ticket.subject, row.ticket.body) == (None, "", "s1")


def test_csv_columns_by_map(tmp_path: Path) -> None:
    rows = read(tmp_path, "a.csv", "Id,Subject,Topic\n1,x,billing\n2,y\n", issue_type="Topic")
    assert ids(rows) == ["1", None]
    assert isinstance(rows[0], Row)
    assert rows[0].labels == {"issue_type": "billing"}


@pytest.mark.parametrize("name", ["a.parquet", "a.xml", "a.txt"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"ending in .json, .jsonl"):
        read(tmp_path, name, "x")


def test_json_needs_the_format(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match="ending in"):
        TicketFile(tmp_path / "a.json")

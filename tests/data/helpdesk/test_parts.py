"""The parts that read: documents, times, paths and names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tierline.data.errors import RowError
from tierline.data.helpdesk.adf import text_of
from tierline.data.helpdesk.desk import Desk
from tierline.data.helpdesk.shapes import contacts, dig, names, whole
from tierline.data.helpdesk.times import read_time


def doc(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def test_a_table_is_read_by_rows() -> None:
    cell = {"type": "tableCell", "content": [{"type": "paragraph", "content": [text("a")]}]}
    row = {"type": "tableRow", "content": [cell, cell]}
    assert text_of(doc({"type": "table", "content": [row]})).split() == ["a", "a"]


def test_attachments_say_nothing_and_emoji_do() -> None:
    media = {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "secret"}}]}
    emoji = {"type": "emoji", "attrs": {"shortName": ":fire:"}}
    card = {"type": "inlineCard", "attrs": {"url": "https://status.example.com"}}
    line = {"type": "paragraph", "content": [text("Down "), emoji, text(" see "), card]}
    assert text_of(doc(media, line)) == "Down :fire: see https://status.example.com"


def test_no_nesting_is_too_deep() -> None:
    node: dict[str, Any] = text("deep")
    for _ in range(50_000):
        node = {"type": "blockquote", "content": [node]}
    assert text_of(doc(node)) == "deep"
    while "content" in node:  # taken apart by hand: freeing it would recurse
        node = node.pop("content")[0]


def test_nodes_of_no_kind_are_passed_over() -> None:
    odd = [{"type": ["a"], "content": [text("b")]}, {"type": {}}, 7, {"type": "text", "text": 1}]
    assert text_of(doc(*odd, {"type": "mention", "attrs": {"text": None}})) == "b"


@pytest.mark.parametrize(
    "document", [{}, {"type": "doc"}, {"type": "doc", "version": 2}, {"type": "paragraph"}]
)
def test_other_documents_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(RowError, match="Atlassian Document Format"):
        text_of(document)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-24T08:12:00Z", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("2026-11-24T09:12:00.000+0100", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("2026-11-24 08:12", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("2026-11-24 08:12:00 UTC", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        (1795507920, datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("1795507920", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        (1795507920000, datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("24/Nov/26 8:12 AM", datetime(2026, 11, 24, 8, 12, tzinfo=UTC)),
        ("24/nov/2026 20:12", datetime(2026, 11, 24, 20, 12, tzinfo=UTC)),
        ("1/Jan/26 12:05 am", datetime(2026, 1, 1, 0, 5, tzinfo=UTC)),
        ("1/Jan/26 12:05 PM", datetime(2026, 1, 1, 12, 5, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times(value: Any, expected: datetime | None) -> None:
    assert read_time(value) == expected


@pytest.mark.parametrize(
    "value", ["zebrafish", "31/Feb/26 8:00 AM", "1/Foo/26 8:00 AM", 1e300, float("nan"), [], True]
)
def test_other_times_are_refused_without_an_echo(value: Any) -> None:
    with pytest.raises(RowError, match="created_at: expected a time") as caught:
        read_time(value)
    assert "zebrafish" not in str(caught.value)


def test_paths() -> None:
    record = {"custom_fields": [{"id": 12, "value": "a"}], "a.b": 1, "o": {"c": [{"value": "d"}]}}
    assert dig(record, "custom_fields.12") == "a"
    assert dig(record, "a.b") == 1
    assert dig(record, "o.c") == "d"
    assert dig(record, "o.c.x") is None
    assert dig(record, "nothing.at.all") is None
    assert dig(7, "x") is None


@pytest.mark.parametrize(
    ("messages", "count"),
    [([True], 1), ([True, True], 1), ([True, False, True], 2), ([False, True, False], 1), ([], 0)],
)
def test_messages_in_a_row_are_one_contact(messages: list[bool], count: int) -> None:
    assert contacts(messages) == count


@pytest.mark.parametrize(
    ("value", "count"), [("3", 3), (3, 3), (" 0 ", 0), ("-1", None), ("x", None), (True, None)]
)
def test_counts(value: Any, count: int | None) -> None:
    assert whole(value) == count


def test_names() -> None:
    assert names("a, b c") == ["a", "b c"]
    assert names("a b,c", r"\s,") == ["a", "b", "c"]
    assert names(["a", {"name": "b"}, 7, None, ""]) == ["a", "b"]
    assert names({"a": 1}) == []


@pytest.mark.parametrize(
    ("group", "tags", "tier"),
    [
        ("Tier 2 Support", [], 2),
        ("Support L3", [], 3),
        ("level-1", [], 1),
        ("Line 4", [], 4),
        ("HTML5 team", [], None),
        ("Tier 12", [], None),
        ("Care", ["tier_3", "tier_1"], 3),
        ("Tier 1", ["tier_3"], 1),
    ],
)
def test_tiers_of_groups(group: str, tags: list[str], tier: int | None) -> None:
    assert Desk().tier_of([group], tags) == tier

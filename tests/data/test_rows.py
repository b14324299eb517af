"""One record becomes a row, or says which field is wrong and never what it held."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import HEADS, CustomerTier, RowError, Ticket
from tierline.data.columns import FIELDS, ColumnMap
from tierline.data.labels import LABELS
from tierline.data.rows import Row, check_labels, to_row

PLANTED = "zebrafish"
EVERY_FIELD = ColumnMap({name: name for name in FIELDS})


def row(**record: Any) -> Row:
    return to_row(5, record, EVERY_FIELD)


def refusal(**record: Any) -> str:
    with pytest.raises(RowError) as caught:
        row(**record)
    return str(caught.value)


def test_an_empty_record_is_an_empty_ticket() -> None:
    assert row() == Row(5, Ticket(id="5"), {}, {}, named=False)


@pytest.mark.parametrize("nothing", [None, float("nan"), "", "  \n"])
@pytest.mark.parametrize("name", FIELDS)
def test_what_says_nothing_counts_as_absent(name: str, nothing: object) -> None:
    assert row(**{name: nothing}) == row()


def test_text_is_kept_as_it_is() -> None:
    assert row(body=" <b>x</b>\u200b ").ticket.body == " <b>x</b>\u200b "


@pytest.mark.parametrize(("value", "text"), [(404, "404"), (1.5, "1.5"), (0, "0")])
def test_numbers_are_text_too(value: float, text: str) -> None:
    found = row(id=value, body=value, issue_type=value, split=value)
    assert (found.ticket.id, found.ticket.body) == (text, text)
    assert (found.labels, found.extra) == ({"issue_type": text}, {"split": text})


@pytest.mark.parametrize("value", [2, 2.0, Decimal("2.0"), "2", " 2.0 ", "2.00"])
def test_a_numbered_severity_is_one_label_however_a_file_writes_it(value: object) -> None:
    found = row(severity=value, stated_severity=value, earlier_severity=value)
    assert found.labels == {"severity": "2"}
    assert (found.ticket.stated_severity or "").strip() == "2"
    assert (found.ticket.earlier_severity or "").strip() == "2"


def test_other_numbers_stay_as_they_are_written() -> None:
    assert row(issue_type=12.0).labels == {"issue_type": "12"}
    assert row(issue_type="12.0").labels == {"issue_type": "12.0"}  # a version, for all we know
    for text in ("2.5", "Severity 2.0", "2.0.0", "1e3"):
        assert row(severity=text).labels == {"severity": text}


@pytest.mark.parametrize("name", ["id", "subject", "body", "channel", *HEADS, "split", "industry"])
@pytest.mark.parametrize("value", [["x"], {"x": 1}, b"x"])
def test_text_fields_refuse_what_is_no_text(name: str, value: object) -> None:
    assert refusal(**{name: value}) == f"{name}: expected text; found {type(value).__name__}"


@pytest.mark.parametrize("name", ["id", "subject", "body", "channel", "split", "industry"])
def test_true_is_no_text(name: str) -> None:
    assert refusal(**{name: True}) == f"{name}: expected text; found bool"


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("head", HEADS)
def test_true_and_false_are_labels_as_data_frames_write_them(head: str, value: bool) -> None:
    assert row(**{head: value}).labels == row(**{head: str(value)}).labels == {head: str(value)}


@pytest.mark.parametrize("name", ["id", "subject", "body", "channel", *HEADS, "split", "industry"])
@pytest.mark.parametrize("value", ["x\ud800", "\udfff"])
def test_text_fields_refuse_lone_surrogates(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name}: expected Unicode text")


@pytest.mark.parametrize(
    ("name", "limit"), [("id", 200), ("subject", 2_000), ("body", 200_000), ("channel", 64)]
)
def test_the_longest_text(name: str, limit: int) -> None:
    assert getattr(row(**{name: "x" * limit}).ticket, name) == "x" * limit
    expected = f"{name}: expected at most {limit:,} characters; found {limit + 1:,}"
    assert refusal(**{name: "x" * (limit + 1)}) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("waited_minutes", "soon", "should be a valid number"),
        ("waited_minutes", -1, "greater than or equal to 0"),
        ("waited_minutes", float("inf"), "should be a finite number"),
        ("waited_minutes", 1e12, "less than or equal to 5256000"),
        ("waited_minutes", [1], "should be a valid number"),
        ("attempts", "many", "should be a valid integer"),
        ("attempts", 1.5, "should be a valid integer"),
        ("attempts", -1, "greater than or equal to 0"),
        ("order_value", "9,99", "should be a valid number"),
        ("order_value", float("-inf"), "should be a finite number"),
        ("current_tier", 5, "less than or equal to 4"),
        ("current_tier", 0, "greater than or equal to 1"),
        ("customer_tier", "gold", "should be 'enterprise', 'smb' or 'consumer'"),
        ("customer_tier", ["smb"], "should be 'enterprise', 'smb' or 'consumer'"),
        ("created_at", "yesterday", "expected an ISO 8601 time"),
        ("created_at", "2026-13-01", "expected an ISO 8601 time"),
        ("created_at", 1e300, "should be a valid datetime"),
        ("created_at", {}, "should be a valid datetime"),
        ("created_at", True, "should be a valid datetime"),
        ("locked_by_human", "perhaps", "expected true or false"),
        ("locked_by_human", 2, "expected true or false"),
        ("locked_by_human", ["true"], "expected true or false"),
    ],
)
def test_context_of_the_wrong_kind(name: str, value: object, expected: str) -> None:
    found = refusal(**{name: value})
    assert found.startswith(f"{name}: ")
    assert expected in found


def test_every_wrong_field_is_named() -> None:
    found = refusal(attempts="x", created_at="y", body="fine")
    assert "attempts: " in found
    assert "created_at: " in found
    assert "body" not in found


@pytest.mark.parametrize(
    ("yes", "no"), [(True, False), (1, 0), (1.0, 0.0), ("TRUE", " false "), ("yes", "No")]
)
def test_booleans_as_files_write_them(yes: object, no: object) -> None:
    assert row(locked_by_human=yes).ticket.locked_by_human is True
    assert row(locked_by_human=no).ticket.locked_by_human is False


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-02T10:00:00Z",
        " 2026-03-02 11:00:00+01:00 ",
        "2026-03-02T10:00",
        "2026-03-02 10:00:00 UTC",
        "2026-03-02 10:00:00.000000 UTC\n",
        datetime(2026, 3, 2, 10),
        datetime(2026, 3, 2, 10, tzinfo=UTC),
        1_772_445_600,
    ],
)
def test_a_time_is_in_utc_when_it_names_no_zone(value: object) -> None:
    assert row(created_at=value).ticket.created_at == datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-03-02", date(2026, 3, 2)])
def test_a_date_is_its_midnight_in_utc(value: object) -> None:
    assert row(created_at=value).ticket.created_at == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("value", ["Enterprise", "ENTERPRISE", "enterprise ", " Enterprise\n"])
def test_a_customer_tier_may_be_written_anyhow(value: str) -> None:
    assert row(customer_tier=value).ticket.customer_tier is CustomerTier.ENTERPRISE


def test_context_of_the_right_kind() -> None:
    ticket = row(customer_tier="smb", attempts="2", waited_minutes="1.5", current_tier=2.0).ticket
    assert ticket.customer_tier is CustomerTier.SMB
    assert (ticket.attempts, ticket.waited_minutes, ticket.current_tier) == (2, 1.5, 2)


def test_only_mapped_columns_are_read() -> None:
    found = to_row(
        1, {"body": "no", "words": "yes", "severity": "P1"}, ColumnMap({"body": "words"})
    )
    assert (found.ticket.body, found.labels) == ("yes", {})


@given(st.dictionaries(st.sampled_from(HEADS), st.text(min_size=1, max_size=200)))
def test_labels_of_the_users_own_are_kept(labels: dict[str, str]) -> None:
    said = {head: label.strip() for head, label in labels.items() if label.strip()}
    assert row(**labels).labels == said


def test_a_label_as_long_as_a_text_asks_about_the_mapping() -> None:
    assert row(severity="x" * 200).labels == {"severity": "x" * 200}
    assert refusal(severity="x" * 201).endswith("found 201: is a text column mapped to it?")


def test_the_default_vocabulary() -> None:
    check_labels(row(severity="P1", issue_type="data_loss", sentiment="neutral").labels, LABELS)
    check_labels(row().labels, LABELS)
    with pytest.raises(RowError, match="severity: expected one of P1, P2, P3, P4; found another"):
        check_labels(row(severity=PLANTED).labels, LABELS)


def test_a_vocabulary_of_the_users_own() -> None:
    check_labels(row(issue_type="refund", severity=PLANTED).labels, {"issue_type": ("refund",)})
    with pytest.raises(RowError, match="issue_type: expected one of refund; found another label"):
        check_labels(row(issue_type="bug").labels, {"issue_type": ("refund",)})


planted = st.sampled_from([PLANTED, PLANTED.upper() + "\ud800", f"{PLANTED} " * 25_000])
anything = st.recursive(
    planted | st.none() | st.booleans() | st.integers() | st.floats() | st.binary(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(planted, inner, max_size=2),
    max_leaves=3,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4))
def test_any_values_make_a_row_or_a_reason_without_text(record: dict[str, Any]) -> None:
    try:
        found = row(**record)
        check_labels(found.labels, LABELS)
    except RowError as error:
        assert PLANTED not in str(error).casefold()
        assert str(error).split(":")[0] in FIELDS
    else:
        repr(found).encode()

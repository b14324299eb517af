"""One row of a file, checked: a ticket with its labels, or the reason why it is neither."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from tierline.data.columns import ColumnMap
from tierline.data.errors import RowError
from tierline.data.labels import HEADS
from tierline.data.normalise import normalise
from tierline.data.ticket import DIMENSIONS, MAX_BODY_CHARS, MAX_SUBJECT_CHARS, Ticket

_MAX_LABEL_CHARS: Final = 200
_TEXTS: Final = (
    *("subject", "body", "channel", "customer", "product", "language", "team", "status"),
    *("earlier_severity", "earlier_sentiment", "stated_severity"),
)
_SEVERITIES: Final = ("severity", "earlier_severity", "stated_severity")
#: How data frames write a whole number once a cell of its column is empty.
_WHOLE_NUMBER: Final = re.compile(r"\s*(\d+)\.0+\s*", re.ASCII)
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Row:
    """A ticket as read from row ``number`` (from 1, the header not counted).

    ``labels`` holds only the heads that the row answers; ``extra`` the corpus's own fields.
    ``named`` is false where the row's number stands in for an id that the file doesn't have.
    """

    number: int
    ticket: Ticket
    labels: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    named: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class BadRow:
    """A row that can't be used; ``reason`` names fields and limits, never ticket text.

    ``words`` are its normalised words, where they could be read: they are written nowhere.
    """

    number: int
    reason: str
    words: str = field(default="", repr=False)

    @classmethod
    def of(cls, number: int, error: RowError) -> "BadRow":
        """Return the row that an error is about."""
        return cls(number, str(error), error.words)


def to_row(number: int, record: Mapping[str, Any], columns: ColumnMap) -> Row:
    """Check one record and turn it into a `Row`; the row number stands in for a missing id.

    Raises:
        RowError: with the field that is wrong and what was expected of it, and the row's words.
    """
    values = _values(record, columns)
    try:
        return _row(number, values)
    except RowError as error:
        error.words = _words(values)
        raise


def _row(number: int, values: dict[str, Any]) -> Row:
    for name in (*HEADS, *_SEVERITIES):
        if name in values:
            values[name] = _whole(name, values[name])
    labels = {h: _label(h, values[h]) for h in HEADS if h in values}
    extra: dict[str, str] = {
        name: _extra(name, value)
        for name, value in values.items()
        if name not in Ticket.model_fields and name not in HEADS
    }
    named = "id" in values
    fields = {k: v for k, v in values.items() if k in Ticket.model_fields}
    fields["id"] = _text("id", fields.get("id", number))
    for name in _TEXTS:
        if name in fields:
            fields[name] = _text(name, fields[name])
    if "locked_by_human" in fields:
        fields["locked_by_human"] = _boolean(fields["locked_by_human"])
    try:
        return Row(number, Ticket(**fields), labels, extra, named)
    except ValidationError as error:
        raise RowError("; ".join(f"{_place(e)}: {_plain(e)}" for e in error.errors())) from None


def check_labels(labels: Mapping[str, str], allowed: Mapping[str, tuple[str, ...]]) -> None:
    """Reject labels outside ``allowed`` (by head; a head not in it accepts any label).

    Raises:
        RowError: with the unknown label's head and the labels expected.
    """
    for head, label in labels.items():
        if head in allowed and label not in allowed[head]:
            expected = ", ".join(allowed[head])
            raise RowError(f"{head}: expected one of {expected}; found another label")


def clean(value: Any) -> Any:
    """Return None for what files use to say nothing: null, NaN, blanks."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str) and not value.strip():
        return None
    return value


def boolean(value: Any) -> bool | None:
    """Return what a cell says (true, 1, yes; false, 0, no), None where it says something else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # data frames write a column of ones with gaps as 1.0
    return _BOOLEANS.get(str(value).strip().casefold())


def _values(record: Mapping[str, Any], columns: ColumnMap) -> dict[str, Any]:
    """Return what the record says, by field."""
    found = {name: clean(record.get(column)) for name, column in columns.columns.items()}
    if columns.instead and found.get("body") is None:
        found["body"] = clean(record.get(columns.instead))
    return {name: value for name, value in found.items() if value is not None}


def _words(values: Mapping[str, Any]) -> str:
    """Return what the row says, cut where no ticket may be longer."""
    limits = {"subject": MAX_SUBJECT_CHARS, "body": MAX_BODY_CHARS}
    texts = [(values.get(name), limit) for name, limit in limits.items()]
    return normalise("\n".join(text[:limit] for text, limit in texts if isinstance(text, str)))


def _text(name: str, value: Any) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RowError(f"{name}: expected text; found {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RowError(f"{name}: expected Unicode text; found half a surrogate pair") from None
    return value


def _whole(name: str, value: Any) -> Any:
    """Return 2 for 2.0, so that a label is one in every file; of words only for severities."""
    if isinstance(value, float | Decimal) or (name in _SEVERITIES and isinstance(value, str)):
        found = _WHOLE_NUMBER.fullmatch(str(value))
        return found[1] if found else value
    return value


def _extra(name: str, value: Any) -> str:
    """Return a field of the corpus's own as text; Parquet's times in ISO 8601."""
    return _text(name, value.isoformat() if isinstance(value, date) else value)


def _label(head: str, value: Any) -> str:
    # As data frames write true and false into CSV: one label, whatever the file's format.
    label = _text(head, str(value) if isinstance(value, bool) else value).strip()
    if len(label) > _MAX_LABEL_CHARS:
        raise RowError(
            f"{head}: expected a label of at most {_MAX_LABEL_CHARS} characters; "
            f"found {len(label)}: is a text column mapped to it?"
        )
    return label


def _boolean(value: Any) -> bool:
    found = boolean(value)
    if found is None:
        raise RowError("locked_by_human: expected true or false")
    return found


def _place(error: Any) -> str:
    """Return the field, and what is wrong inside it only if that name is ours."""
    first, *rest = error["loc"]
    return ".".join([first, *(part for part in rest if part in DIMENSIONS)])


def _plain(error: Any) -> str:
    """Pydantic's message without the input it quotes, which may be ticket text."""
    if error["type"] == "string_too_long":
        limit = error["ctx"]["max_length"]
        return f"expected at most {limit:,} characters; found {len(error['input']):,}"
    if error["loc"][0] == "assessment":
        return f"expected an object of {', '.join(DIMENSIONS)}, each from 0 to 3"
    return str(error["msg"]) if error["type"] != "value_error" else "expected an ISO 8601 time"

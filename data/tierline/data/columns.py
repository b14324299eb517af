"""Which column of a file is which field of a ticket."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tierline.data.errors import InputError
from tierline.data.labels import HEADS
from tierline.data.redact import redact
from tierline.data.ticket import Ticket

#: Fields of labelled files that are no part of a ticket, but are used for splitting and reports.
EXTRA_FIELDS: Final = ("split", "industry", "origin", "sample_share")
FIELDS: Final = (*Ticket.model_fields, *HEADS, *EXTRA_FIELDS)
#: Pairs that leave unread what only labelled files have: answering needs none of it.
NO_LABELS: Final = dict.fromkeys((*HEADS, *EXTRA_FIELDS), "")
_TEXT_COLUMN: Final = "text"
_COLUMN_NAME: Final = re.compile(r"[\w .:/()\[\]#%+*?-]{0,60}")
_PLAIN_NAME: Final = re.compile(r"[\w.-]{1,60}")


def parse_map(spec: str | Sequence[str] | None, fields: Sequence[str] = FIELDS) -> dict[str, str]:
    """Read ``body=description,issue_type=topic``, or several such, into ``{field: column}``.

    ``customer_tier=`` gives an empty column: the field isn't read, whatever the file's columns
    are called.

    Raises:
        InputError: for a field that isn't among ``fields`` or comes again, or a piece without
            ``=``.
    """
    mapping: dict[str, str] = {}
    joined = spec if isinstance(spec, str) else ",".join(spec or ())
    for piece in filter(None, (p.strip() for p in joined.split(","))):
        name, equals, column = (p.strip() for p in piece.partition("="))
        if name not in fields or not equals:
            raise InputError(
                f"--map: expected FIELD=COLUMN with a field of {', '.join(fields)}; found {piece!r}"
            )
        if name in mapping:
            raise InputError(
                f"--map: expected one column for {name}; found {mapping[name]!r} and {column!r}: "
                "leave one out"
            )
        mapping[name] = column
    return mapping


@dataclass(frozen=True)
class ColumnMap:
    """The columns found in one file: ``columns`` maps field to column name.

    ``instead`` is the column of the body in a record where the body's own says nothing.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    instead: str | None = None

    @classmethod
    def resolve(
        cls,
        found: Sequence[str],
        mapping: Mapping[str, str],
        more: Sequence[str] = (),
        need_words: bool = True,
    ) -> "ColumnMap":
        """Match the user's mapping, then equal names, then ``text`` for the body.

        ``more`` names fields beyond `FIELDS`. Rows may do without words where ``need_words`` is
        false: they name a ticket that is known elsewhere.

        Raises:
            InputError: when a mapped column is missing, or no column holds the words.
        """
        missing = [column for column in mapping.values() if column and column not in found]
        if missing:
            raise InputError(
                f"--map names columns that the file lacks: {', '.join(missing)}; "
                f"it has: {_names(found)}"
            )
        columns = {name: name for name in (*FIELDS, *more) if name in found} | dict(mapping)
        if "body" not in columns and _TEXT_COLUMN in found:
            columns["body"] = _TEXT_COLUMN
        columns = named_only(columns)
        if need_words:
            cls._need_words(columns, found)
        return cls(columns)

    @classmethod
    def for_objects(
        cls,
        first: Sequence[str],
        mapping: Mapping[str, str],
        more: Sequence[str] = (),
        need_words: bool = True,
    ) -> "ColumnMap":
        """Match as `resolve` does, for records that may each lack some of the fields.

        Raises:
            InputError: when the first record has no field with the words.
        """
        columns = named_only({name: name for name in (*FIELDS, *more)} | dict(mapping))
        instead = None if "body" in mapping else _TEXT_COLUMN
        if need_words and instead not in first:
            cls._need_words({f: c for f, c in columns.items() if c in first}, first)
        return cls(columns, instead)

    def refuse_twice(self, found: Sequence[str]) -> None:
        """Refuse a table that has a column which is read more than once.

        Raises:
            InputError: naming each such column.
        """
        read = dict.fromkeys(self.columns.values())
        twice = [repr(column) for column in read if list(found).count(column) > 1]
        if twice:
            raise InputError(
                f"expected each column that is read once; found more than one {', '.join(twice)}: "
                "rename the others, or leave it unread with --map FIELD="
            )

    @staticmethod
    def _need_words(columns: Mapping[str, str], found: Sequence[str]) -> None:
        if not columns.keys() & {"body", "subject"}:
            raise InputError(
                "expected a column 'body', 'subject' or 'text' with the ticket's words; found: "
                f"{_names(found) or 'none'}. Name it with --map body=COLUMN"
            )


def named_only(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that have a column; see `parse_map` for those that shall have none."""
    return {name: column for name, column in columns.items() if column}


def _names(found: Sequence[str]) -> str:
    """Return the names in a row, unless they look like the first ticket of a headless file."""
    names = [_printable(name) for name in found]
    row = ", ".join(names)
    if redact(row) != row or not all(map(_COLUMN_NAME.fullmatch, names)):
        return f"{len(found)} that read like a ticket's words (is the header line missing?)"
    return row


def shown_name(name: str) -> str:
    """Return one name from outside as a message may show it: never a ticket's words."""
    if _PLAIN_NAME.fullmatch(name) and redact(name) == name:
        return name
    return f"(a name of {len(name)} characters)"


def _printable(name: str) -> str:
    """Return the name with question marks where the file held broken Unicode."""
    return name.encode("utf-8", "replace").decode()

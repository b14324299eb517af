"""One event of a log: what was so at one moment of one ticket's life."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple

from tierline.data.columns import ColumnMap, named_only
from tierline.data.errors import InputError, RowError
from tierline.data.readers import RecordFile
from tierline.data.redact import redact
from tierline.data.rows import boolean, clean
from tierline.serving.history.formats import LogFormat, resolve
from tierline.serving.policy import TIERS

_MAX_NAME_CHARS: Final = 200
#: More different names than a desk has teams or categories: the column holds something else.
MOST_NAMES: Final = 5_000
#: Cells of one field that are remembered with what they mean.
_MOST_KNOWN: Final = 65_536
#: What exports write for "nothing".
_NOTHING: Final = frozenset({"?", "null", "nan", "n/a", "none", "<na>"})


class Event(NamedTuple):
    """One row of a log; times are seconds since 1970, and None is what the row doesn't say."""

    ticket: str
    at: int
    order: int | None = None
    team: str | None = None
    tier: int | None = None
    state: str | None = None
    priority: str | None = None
    type: str | None = None
    channel: str | None = None
    created: int | None = None
    resolved: int | None = None
    moves: int | None = None
    reopened: int | None = None
    sla: bool | None = None


class Names:
    """Names as a page may show them; each name of the log keeps one shown name.

    Addresses and numbers of people are taken out, and what then looks alike is numbered.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._shown: dict[str, str] = {}
        self._redacted = 0

    def __call__(self, cell: object) -> str:
        """Return the shown name.

        Raises:
            RowError: when the cell is no name.
            InputError: when the column has too many different names to be a list of names.
        """
        text = " ".join(_text(cell).split())
        known = self._shown.get(text)
        if known is not None:
            return known
        if len(text) > _MAX_NAME_CHARS:
            raise RowError(f"expected a name of at most {_MAX_NAME_CHARS} characters")
        if len(self._shown) == MOST_NAMES:
            raise InputError(
                f"expected at most {MOST_NAMES:,} different names in one column; found more: "
                "is a column of texts or people mapped to a team, state, priority or type?"
            )
        self._shown[text] = shown = self._show(text)
        return shown

    def _show(self, text: str) -> str:
        printable = "".join(c if c.isprintable() else " " for c in text)
        shown = redact(printable)
        if shown != printable:
            self._redacted += 1
            return f"{shown} {self._redacted}"
        if not printable.isdecimal():
            return printable
        gap = "" if len(self._prefix) == 1 else " "
        return f"{self._prefix}{gap}{printable}".strip()


@dataclass
class EventFile(RecordFile[Event]):
    """A log of events, streamed; ``read_time`` turns a cell into seconds since 1970."""

    kind: LogFormat = field(default_factory=LogFormat)
    read_time: Callable[[object], int] = field(default=int)  # type: ignore[assignment]
    what: ClassVar[str] = "events"

    def __post_init__(self) -> None:
        super().__post_init__()
        names = ("team", "state", "priority", "type", "channel")
        self._known: dict[str, dict[Hashable, Any]] = {name: {} for name in Event._fields}
        self._readers: dict[str, Callable[[object], Any]] = {
            **{name: Names(self.kind.prefixes.get(name, "")) for name in names},
            **dict.fromkeys(("at", "created", "resolved"), self.read_time),
            **dict.fromkeys(("order", "moves", "reopened"), _count),
            "ticket": _ticket,
            "tier": _tier,
            "sla": _boolean,
        }

    def columns_of(self, found: Sequence[str]) -> ColumnMap:
        """Return which column is which field of an event."""
        return resolve(found, self.mapping, self.kind)

    def columns_of_object(self, keys: Sequence[str], before: ColumnMap | None) -> ColumnMap:
        """Return the same for JSON objects: the first must have what is needed, not all fields."""
        if before is not None:
            return before
        usual = {name: (*self.kind.columns.get(name, ()), name)[0] for name in Event._fields}
        columns = self.columns_of([*keys, *filter(None, self.mapping.values())]).columns
        return ColumnMap(named_only(usual | dict(self.mapping)) | dict(columns))

    def row(self, number: int, record: Mapping[str, Any], columns: ColumnMap) -> Event:
        """Check one record and turn it into an `Event`."""
        values: dict[str, Any] = {}
        for name, column in columns.columns.items():
            cell = record.get(column)
            key = cell if isinstance(cell, str) else (type(cell), cell)
            try:
                value = self._known[name][key]
            except (KeyError, TypeError):  # new, or of a type that is no key and no value either
                value = self._read(name, cell, key)
            if value is not None:
                values[name] = value
        for name in ("ticket", "at"):
            if name not in values:
                raise RowError(f"{name}: expected a value; found none")
        return Event(**values)

    def _read(self, name: str, cell: Any, key: Hashable) -> Any:
        """Read one cell of a field, None for nothing; most cells come again and are kept."""
        cell = clean(cell)
        if cell is None or (isinstance(cell, str) and cell.strip().casefold() in _NOTHING):
            return None
        try:
            value = self._readers[name](cell)
        except RowError as error:
            raise RowError(f"{name}: {error}") from None
        known = self._known[name]
        if len(known) < _MOST_KNOWN:
            known[key] = value
        return value


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if not isinstance(cell, str | int | float) or isinstance(cell, bool):
        raise RowError(f"expected text; found {type(cell).__name__}")
    text = str(cell).strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RowError("expected Unicode text; found half a surrogate pair") from None
    return text


def _ticket(cell: object) -> str:
    text = _text(cell)
    if len(text) > _MAX_NAME_CHARS:
        raise RowError(f"expected at most {_MAX_NAME_CHARS} characters")
    return text


def _count(cell: object) -> int:
    try:
        number = float(_text(cell))
    except ValueError:
        number = -1.0
    if not (number.is_integer() and 0 <= number < 2**53):
        raise RowError("expected a whole number from 0 on")
    return int(number)


def _tier(cell: object) -> int:
    text = _text(cell).casefold().removeprefix("tier").removeprefix("l").strip()
    if text not in {str(tier) for tier in TIERS}:
        raise RowError(f"expected one of {', '.join(map(str, TIERS))}")
    return int(text)


def _boolean(cell: object) -> bool:
    found = boolean(cell)
    if found is None:
        raise RowError("expected true or false")
    return found

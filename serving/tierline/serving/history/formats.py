"""Which columns of a log are which fields of an event, for logs whose columns are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tierline.data.columns import ColumnMap, named_only, shown_name
from tierline.data.errors import InputError
from tierline.serving.history.times import DateOrder

#: What an event may say. ``moves`` and ``reopened`` are the log's own counters, ``order`` a number
#: that rises with every event of a ticket, ``sla`` whether the promise was kept.
FIELDS: Final = (
    "ticket",
    "at",
    "order",
    "team",
    "tier",
    "state",
    "priority",
    "type",
    "channel",
    "created",
    "resolved",
    "moves",
    "reopened",
    "sla",
)
_NEEDED: Final = ("ticket", "at")
_PLACES: Final = ("team", "tier")


@dataclass(frozen=True)
class LogFormat:
    """How one kind of log is read.

    ``columns`` maps a field to the column names it may go by. ``prefixes`` are put before names
    that are bare numbers, so that a page reads well.
    """

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dates: DateOrder = DateOrder.ISO
    prefixes: Mapping[str, str] = field(default_factory=dict)


#: Columns as ServiceNow's incident table and the UCI event log (doi.org/10.24432/C57S4H) name them.
SERVICENOW: Final = LogFormat(
    columns={
        "ticket": ("number",),
        "at": ("sys_updated_at", "sys_updated_on"),
        "order": ("sys_mod_count",),
        "team": ("assignment_group",),
        "state": ("incident_state", "state"),
        "priority": ("priority",),
        "type": ("category",),
        "channel": ("contact_type",),
        "created": ("opened_at",),
        "resolved": ("resolved_at",),
        "moves": ("reassignment_count",),
        "reopened": ("reopen_count",),
        "sla": ("made_sla",),
    },
    dates=DateOrder.DAY_FIRST,
    prefixes={"team": "Group", "type": "Category", "priority": "P"},
)
FORMATS: Final = {"plain": LogFormat(), "servicenow": SERVICENOW}


def format_named(name: str) -> LogFormat:
    """Return a format by its name.

    Raises:
        InputError: when there is none of that name.
    """
    if name not in FORMATS:
        raise InputError(f"--format: expected one of {', '.join(FORMATS)}; found {name!r}")
    return FORMATS[name]


def resolve(found: Sequence[str], mapping: Mapping[str, str], known: LogFormat) -> ColumnMap:
    """Match the user's mapping, then the format's columns, then equal names.

    Raises:
        InputError: when a mapped column is missing, or ticket, time or team have no column.
    """
    if missing := [column for column in mapping.values() if column and column not in found]:
        raise InputError(
            f"--map names columns that the log lacks: {', '.join(missing)}; it has: {_row(found)}"
        )
    columns = {name: name for name in FIELDS if name in found}
    for name, candidates in known.columns.items():
        if there := [column for column in candidates if column in found]:
            columns[name] = there[0]
    columns = named_only(columns | dict(mapping))
    lacking = [name for name in _NEEDED if name not in columns]
    if not columns.keys() & set(_PLACES):
        lacking.append(" or ".join(_PLACES))
    if lacking:
        raise InputError(
            f"expected a column for {', '.join(lacking)}; found: {_row(found)}. Name it with "
            f"--map {lacking[0].split()[0]}=COLUMN, or the kind of log with --format"
        )
    return ColumnMap(columns)


def _row(found: Sequence[str]) -> str:
    return ", ".join(map(shown_name, found)) or "none"

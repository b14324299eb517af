"""How one help desk's export is laid out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tierline.data.helpdesk.desk import Desk
from tierline.data.helpdesk.shapes import Record

Cells = Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """One help desk's export.

    ``lists`` are the keys under which the API's pages hold their records, ``single`` those that
    wrap one record. ``fields`` reads a ticket's fields out of a record and the page around it.
    ``problem`` says what is wrong with a record as a whole, another version above all, or None.
    ``from_csv`` turns a line of the desk's CSV export, by columns in small letters, into a
    record; ``columns`` are those that the file must have, whatever their capitals. ``no_csv`` says
    why there is none.
    """

    title: str
    lists: tuple[str, ...]
    single: tuple[str, ...]
    fields: Callable[[Record, Record, Desk], dict[str, Any]]
    problem: Callable[[Record], str | None]
    columns: tuple[str, ...] = ()
    from_csv: Callable[[Cells], dict[str, Any]] | None = None
    no_csv: str = ""

"""Read a help desk's export: JSON, whole or one document per line, and CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from tierline.data.columns import FIELDS, ColumnMap, shown_name
from tierline.data.errors import InputError, RowError
from tierline.data.helpdesk.desk import Desk
from tierline.data.helpdesk.formats import LAYOUTS, Format
from tierline.data.helpdesk.layout import Layout
from tierline.data.helpdesk.shapes import Record, dig
from tierline.data.json_text import parse_json
from tierline.data.rows import BadRow, Row, to_row

_SAME: Final = ColumnMap({name: name for name in FIELDS})
_MAX_DOCUMENT_BYTES: Final = 512 * 1024 * 1024
_MOST_NAMES: Final = 12
#: So many records that are nothing of this help desk's, and none that is: another file.
_FOREIGN_ROWS: Final = 100


@dataclass(frozen=True)
class Export:
    """One help desk's layout with the company's own names; ``pairs`` are those of ``--map``.

    A pair's column is a path into the export (``custom_fields.360012``) or a CSV column; an empty
    one leaves the field unread.
    """

    layout: Layout
    desk: Desk = field(default_factory=Desk)
    pairs: Mapping[str, str] = field(default_factory=dict)

    def row(self, number: int, record: Any, page: Record, cells: Record | None = None) -> Row:
        """Turn one record into a row; ``cells`` is the CSV line that it came from.

        Raises:
            RowError: with what is wrong, never with its text.
        """
        if isinstance(record, RowError):
            raise record
        if not isinstance(record, Mapping):
            raise RowError(f"expected a JSON object; found {type(record).__name__}")
        if problem := self.layout.problem(record):
            raise RowError(problem)
        fields = self.layout.fields(record, page, self.desk)
        for name, path in (dict(self.desk.fields) | dict(self.pairs)).items():
            found = dig(cells if cells is not None else record, path)
            found = self.desk.customer_tier([found]) if name == "customer_tier" else found
            fields[name] = fields.get(name) if found is None else found
        unread = [name for name, path in self.pairs.items() if not path]
        return to_row(number, fields | dict.fromkeys(unread), _SAME)

    def json_rows(self, lines: Iterable[bytes], whole: bool) -> Iterator[Row | BadRow]:
        """Yield the rows of JSON documents, one per line or, where ``whole``, one in all.

        Raises:
            InputError: when nothing is of this help desk, or of a version that can be read.
        """
        number, foreign, read = 0, "", False
        for document in _documents(lines, whole):
            for record, page in self._records(document):
                number += 1
                try:
                    yield self.row(number, record, page)
                    read = True
                except RowError as error:
                    foreign = foreign or self._foreign(record)
                    yield BadRow.of(number, error)
                if foreign and not read and number >= _FOREIGN_ROWS:
                    raise InputError(foreign)
        if foreign and not read:
            raise InputError(foreign)

    def _foreign(self, record: Any) -> str:
        """Return what to say of a file whose records are like this one, empty for good ones."""
        problem = self.layout.problem(record) if isinstance(record, Mapping) else None
        return f"{problem}; it has: {_keys(record)}" if problem else ""

    def _records(self, document: Any) -> Iterator[tuple[Any, Record]]:
        """Yield the records of a document, each with the page around it."""
        if isinstance(document, list):
            yield from ((record, {}) for record in document)
        elif isinstance(document, Mapping):
            page = next((k for k in self.layout.lists if isinstance(document.get(k), list)), None)
            one = next((k for k in self.layout.single if isinstance(document.get(k), dict)), None)
            if page is not None:
                yield from ((record, document) for record in document[page])
            else:
                yield (document if one is None else document[one], document if one else {})
        else:
            yield document, {}

    def need_columns(self, header: Sequence[str]) -> None:
        """Refuse a CSV file of another kind.

        Raises:
            InputError: naming the columns that are expected, or why no CSV file will do.
        """
        if self.layout.from_csv is None:
            raise InputError(self.layout.no_csv)
        known = {name.strip().casefold() for name in header}
        missing = [name for name in self.layout.columns if name.casefold() not in known]
        missing += [path for path in self.pairs.values() if path and path not in header]
        if missing:
            raise InputError(
                f"expected {self.layout.title}'s CSV export with the columns "
                f"{', '.join(map(repr, missing))}; found {len(header)} columns without them. "
                "Export it in English, with all fields"
            )

    def csv_row(self, number: int, header: Sequence[str], values: Sequence[str]) -> Row:
        """Turn one line into a row; a column that comes several times gives a list.

        Raises:
            RowError: as `row`.
        """
        assert self.layout.from_csv is not None  # noqa: S101 (see need_columns)
        cells: dict[str, Any] = {}
        for name, value in zip(header, values, strict=True):
            if header.count(name) == 1:
                cells[name] = value
            elif value.strip():
                cells.setdefault(name, []).append(value)
        small = {name.strip().casefold(): value for name, value in cells.items()}
        return self.row(number, self.layout.from_csv(small), {}, cells)


class ExportMap(dict[str, str]):
    """The ``FIELD=COLUMN`` pairs for files that a help desk exported.

    It goes wherever such pairs go; `TicketFile` then reads the file as ``export`` says.
    """

    def __init__(self, export: Export) -> None:
        super().__init__(export.pairs)
        self.export: Final = export


def export_map(
    pairs: Mapping[str, str], source: Format | None, desk: Desk | None = None
) -> Mapping[str, str]:
    """Return the pairs for files that ``source`` exported; as they are for plain files (None)."""
    return pairs if source is None else ExportMap(Export(LAYOUTS[source], desk or Desk(), pairs))


def _documents(lines: Iterable[bytes], whole: bool) -> Iterator[Any]:
    """Yield parsed documents; where a line can't be parsed, the error stands in for it.

    A file that should be one document is read line by line where its first line is one: Zendesk's
    JSON export is such a file.
    """
    lines = filter(bytes.strip, lines)
    first = next(lines, None)
    if first is None:
        raise InputError("expected an export; the file is empty")
    if whole:
        try:
            parse_json(first)
        except RowError:
            yield _one_document(chain([first], lines))
            return
    for line in chain([first], lines):
        try:
            yield parse_json(line)
        except RowError as error:
            yield error


def _one_document(lines: Iterable[bytes]) -> Any:
    kept: list[bytes] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line)
        if size > _MAX_DOCUMENT_BYTES:
            raise InputError(
                f"expected one JSON document of at most {_MAX_DOCUMENT_BYTES >> 20} MiB; found "
                "more. Write one ticket per line, for instance with jq -c '.tickets[]'"
            )
    try:
        return parse_json(b"".join(kept))
    except RowError as error:
        raise InputError(f"expected a JSON export: {error}") from None


def _keys(record: Record) -> str:
    shown = [shown_name(str(key)) for key in list(record)[:_MOST_NAMES]]
    return ", ".join(shown) or "nothing"

"""The files of a backlog: one, or those of a folder, read as one row of records."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from tierline.data.digest import sha256
from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row

_MAX_RECORDS: Final = 512
_MAX_CHARS: Final = 4_000_000
_MAX_ID: Final = 200


class Record(NamedTuple):
    """A row, or why it is none, and the name of its file within the backlog."""

    file: str
    row: Row | BadRow


@dataclass(frozen=True)
class Stretch:
    """Consecutive records; ``start`` counts those before, ``share`` is what is read after them."""

    start: int
    records: Sequence[Record]
    share: float

    @property
    def rows(self) -> list[Row]:
        """The usable ones."""
        return [record.row for record in self.records if isinstance(record.row, Row)]


@dataclass
class Backlog:
    """Files of tickets by their names, in order, read one after the other.

    In a ``folder`` a row without an id is named by its file and number. ``left_out`` names what
    lies in the folder and isn't read.
    """

    files: Mapping[str, TicketFile]
    folder: Path | None = None
    left_out: Sequence[str] = ()
    progress: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, path: Path, mapping: Mapping[str, str]) -> "Backlog":
        """Return a file, or a folder's files by name, those of its folders included.

        Names that begin with a dot or an underscore are no tickets (``_SUCCESS``). What is no
        file, such as a link to a folder, is left out.

        Raises:
            InputError: when it isn't there, a folder without any file of tickets or with a folder
                that can't be read, or a name that is no Unicode: a job's state and answers have to
                name its files.
        """
        if not path.is_dir():
            _refuse_unnameable([path.name])
            return cls({path.name: TicketFile(path, mapping)})
        names = _names(path)
        _refuse_unnameable(names)
        named = [name for name in names if shown(name)]
        files, left_out = {}, []
        for name in named:
            if not _is_file(path / name):
                left_out.append(name)
                continue
            try:
                files[name] = TicketFile(path / name, mapping)
            except InputError:
                left_out.append(name)
        if not files:
            raise InputError(f"expected files of tickets in {path}; found {len(named)} others")
        return cls(files, path, left_out)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its name.

        Raises:
            InputError: when one can't be read.
        """
        digests = {}
        for name, file in self.files.items():
            try:
                digests[name] = sha256(file.path)
            except OSError as error:
                raise _unreadable(file.path, error) from None
        return digests

    def holds(self, out: Path) -> bool:
        """Return whether a file is one of the backlog's, or would become one."""
        place = out.resolve()
        inside = self.folder is not None and self.folder.resolve() in place.parents
        return inside or any(place == file.path.resolve() for file in self.files.values())

    def stretches(self, skip: int = 0) -> Iterator[Stretch]:
        """Yield all records but the first ``skip``, in stretches that fit into memory.

        Raises:
            InputError: when a file is unusable as a whole, or can't be read to its end.
        """
        records: list[Record] = []
        start, chars = skip, 0
        for record in islice(self._records(), skip, None):
            records.append(record)
            if isinstance(record.row, Row):
                chars += len(record.row.ticket.subject) + len(record.row.ticket.body)
            else:
                chars += len(record.row.words)
            if len(records) == _MAX_RECORDS or chars > _MAX_CHARS:
                yield Stretch(start, records, self.progress)
                start, records, chars = start + len(records), [], 0
        if records:
            yield Stretch(start, records, 1.0)

    def _records(self) -> Iterator[Record]:
        sizes = {name: max(file.path.stat().st_size, 1) for name, file in self.files.items()}
        total, before = sum(sizes.values()), 0
        for name, file in self.files.items():
            try:
                for row in file:
                    self.progress = (before + file.progress * sizes[name]) / total
                    yield Record(name, self._named(row, name) if isinstance(row, Row) else row)
            except OSError as error:
                raise _unreadable(file.path, error) from None
            before += sizes[name]
        self.progress = 1.0

    def _named(self, row: Row, file: str) -> Row:
        if row.named or self.folder is None:
            return row
        name = f"{file}:{row.number}"[-_MAX_ID:]
        return replace(row, ticket=row.ticket.model_copy(update={"id": name}))


def shown(name: str) -> bool:
    """Return whether a file of a folder may be one of tickets, by its name within it."""
    return not any(part[0] in "._" for part in Path(name).parts)


def _names(folder: Path) -> list[str]:
    """Return the names within a folder of all but the folders in it; links aren't followed."""

    def refuse(error: OSError) -> None:
        place = Path(error.filename)
        if shown(place.relative_to(folder).as_posix()):
            raise _unreadable(place, error) from None

    names = []
    for place, folders, others in os.walk(folder, onerror=refuse):
        links = [name for name in folders if Path(place, name).is_symlink()]
        names += [Path(place, name).relative_to(folder).as_posix() for name in (*links, *others)]
    return sorted(names)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from None


def _refuse_unnameable(names: Sequence[str]) -> None:
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"expected a file's name in UTF-8; found {name!a}: give it another"
            ) from None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} can't be read ({error.strerror or type(error).__name__}): "
        "see that it is there and that this user may read it"
    )

"""The sets of a benchmark: which files, which columns, which figure is the headline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tierline.data.columns import FIELDS, ColumnMap
from tierline.data.corpus import read_rows
from tierline.data.digest import sha256
from tierline.data.errors import InputError
from tierline.data.labels import HEADS
from tierline.data.quarantine import Quarantine
from tierline.data.readers import SUFFIXES, TicketFile
from tierline.data.rows import Row
from tierline.training.benchmark.parts import has_split

MACRO_F1: Final = "macro_f1"
ACCURACY: Final = "accuracy"

_READ: Final = ("subject", "body", *HEADS, "split", "origin")
#: No method looks at the other fields: a column that happens to be called like one may hold
#: anything, and must cost no row.
_UNREAD: Final = {name: "" for name in FIELDS if name not in _READ}


@dataclass(frozen=True)
class Layout:
    """A known set's columns (``{field: column}``) and the figure that others publish of it."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    headline: str = MACRO_F1


#: By the file's stem. Columns that are named like a field need no mapping.
LAYOUTS: Final[Mapping[str, Layout]] = {
    "endava_it_topics": Layout({"issue_type": "topic"}),
    "senti4sd": Layout(),
    "banking77": Layout({"issue_type": "intent"}, ACCURACY),
}


@dataclass(frozen=True)
class BenchmarkSet:
    """One file to train and test on; ``digest`` is its SHA-256."""

    name: str
    path: Path
    mapping: Mapping[str, str]
    headline: str
    digest: str
    rows: tuple[Row, ...] = field(repr=False)
    quarantined: int = 0

    @property
    def has_split(self) -> bool:
        """Whether the set comes divided."""
        return has_split(self.rows)


def find_files(paths: Sequence[Path], names: Sequence[str]) -> tuple[tuple[Path, bool], ...]:
    """Return the files to measure on, and whether each was found in a folder.

    ``names`` picks files by stem; without names, all are taken.

    Raises:
        InputError: when a path isn't there, a name is unknown, or two files share their stem.
    """
    found = [pair for path in paths for pair in _files(path)]
    stems = [path.stem for path, _ in found]
    if unknown := [name for name in names if name not in stems]:
        raise InputError(
            f"--set: expected names of files without their ending ({', '.join(stems) or 'none'} "
            f"found); found {', '.join(unknown)}"
        )
    chosen = tuple(pair for pair in found if not names or pair[0].stem in names)
    chosen_stems = [path.stem for path, _ in chosen]
    if double := {stem for stem in chosen_stems if chosen_stems.count(stem) > 1}:
        raise InputError(f"expected one file for each set; found several named {', '.join(double)}")
    if not chosen:
        raise InputError(f"expected files ending in {', '.join(SUFFIXES)}; found none")
    return tuple((path, inside and path.stem not in names) for path, inside in chosen)


def _files(path: Path) -> Iterator[tuple[Path, bool]]:
    if not path.exists():
        raise InputError(f"expected a file or folder of labelled tickets; found none at {path}")
    if path.is_file():
        yield path, False
        return
    for file in sorted(path.iterdir()):
        if file.is_file() and file.suffix.lower() in SUFFIXES:
            yield file, True


def lacking(path: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the pairs of ``given`` whose column the file lacks: in JSON Lines, every record.

    Raises:
        InputError: when the file is unusable as a whole.
    """
    names = _Names(path)
    columns = set(filter(None, given.values()))
    for _ in names:
        if names.complete or columns <= names.found:
            break
    return {name: column for name, column in given.items() if column in columns - names.found}


@dataclass
class _Names(TicketFile):
    """A file read for the names of its columns; ``complete`` says that no record adds any."""

    found: set[str] = field(default_factory=set)
    complete: bool = False

    def columns_of(self, found: Sequence[str]) -> ColumnMap:
        self.found, self.complete = set(found), True
        return ColumnMap()

    def columns_of_object(self, keys: Sequence[str], before: ColumnMap | None) -> ColumnMap:
        self.found.update(keys)
        return ColumnMap()


def read_set(path: Path, given: Mapping[str, str], folder: Path) -> BenchmarkSet:
    """Read one set; unusable rows go to a quarantine file in ``folder``.

    Only words, labels and the part of a row are read, whatever else ``given`` names.

    Raises:
        InputError: when the file is unusable as a whole.
    """
    layout = LAYOUTS.get(path.stem, Layout())
    mapping = {**layout.mapping, **given, **_UNREAD}
    with Quarantine(folder / f"{path.stem}.quarantine.jsonl") as quarantine:
        try:
            rows = read_rows([path], mapping, quarantine)
        except InputError:
            quarantine.path.unlink(missing_ok=True)
            raise
    return BenchmarkSet(
        path.stem, path, mapping, layout.headline, sha256(path), tuple(rows), quarantine.count
    )

"""Where a backlog's files lie for an engine of many machines: at paths, or in an object store."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
from pyarrow import fs

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile, ticket_suffixes
from tierline.serving.backlog.inputs import Backlog, shown
from tierline.serving.model_source import without_user


@dataclass(frozen=True)
class Source:
    """One file: its name within the backlog, where it lies, its size in bytes and what it is.

    ``path`` is one of this machine, or one in the store that ``url`` names. ``digest`` is its
    SHA-256, or the size and time of change that the store gives.
    """

    name: str
    path: str
    size: int
    digest: str
    url: str | None = None

    @contextmanager
    def opened(self, mapping: Mapping[str, str]) -> Iterator[TicketFile]:
        """Give it as a file of tickets; an object is copied to this machine for as long.

        Raises:
            InputError: when it can't be fetched or isn't usable as a whole.
        """
        if self.url is None:
            yield TicketFile(Path(self.path), mapping)
            return
        with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
            copy = Path(folder) / PurePosixPath(self.name).name
            with _told(self.url):
                system, _ = store_of(self.url)
                fs.copy_files(self.path, str(copy), source_filesystem=system)
            yield TicketFile(copy, mapping)


@dataclass(frozen=True)
class Sources:
    """The files of a backlog, by name, and how they are read.

    ``folder`` says whether they lie in one: a row without an id is named by its file there.
    ``left_out`` names what lies in it and isn't read. ``root`` is where they lie on this machine,
    None for a store's.
    """

    files: Sequence[Source]
    mapping: Mapping[str, str]
    folder: bool
    left_out: Sequence[str]
    root: Path | None

    @classmethod
    def of(cls, place: str, mapping: Mapping[str, str]) -> "Sources":
        """Return the files at a path or a URL, those that `Backlog.of` would read.

        Raises:
            InputError: when it isn't there, or a folder without any file of tickets.
        """
        if is_url(place):
            return _objects(place, mapping)
        backlog = Backlog.of(Path(place), mapping)
        digests = backlog.digests()
        files = [
            Source(name, str(file.path.resolve()), file.path.stat().st_size, digests[name])
            for name, file in backlog.files.items()
        ]
        folder = backlog.folder is not None
        return cls(files, mapping, folder, backlog.left_out, Path(place).resolve())

    def holds(self, out: Path) -> bool:
        """Return whether a file is one of them, or would become one."""
        place = out.resolve()
        return self.root is not None and (
            self.root in place.parents or any(Path(f.path).resolve() == place for f in self.files)
        )


def is_url(place: str) -> bool:
    """Return whether a place is a URL: ``s3://``, ``gs://``, ``abfs://``, ``file://``."""
    return "://" in place


def _objects(url: str, mapping: Mapping[str, str]) -> Sources:
    with _told(url):
        system, path = store_of(url)
        top = system.get_file_info(path)
        folder = top.type is fs.FileType.Directory
        found = system.get_file_info(fs.FileSelector(path, recursive=True)) if folder else [top]
    root = Path(path).resolve() if isinstance(system, fs.LocalFileSystem) else None
    names = {
        info.path.removeprefix(path).lstrip("/") or info.base_name: info
        for info in found
        if info.type is fs.FileType.File
    }
    readable = tuple(ticket_suffixes(mapping))
    wanted = [name for name in sorted(names) if shown(name) or not folder]
    files = [
        Source(name, info.path, info.size, f"{info.size}:{info.mtime_ns}", url)
        for name in wanted
        if name.lower().endswith(readable) and (info := names[name])
    ]
    if not files:
        expected = ", ".join(readable)
        raise InputError(without_user(f"expected tickets ({expected}) at {url}; found none"))
    left_out = [name for name in wanted if not name.lower().endswith(readable)]
    return Sources(files, mapping, folder, left_out, root)


def store_of(url: str) -> tuple[fs.FileSystem, str]:
    """Return the store that a URL names, and the path in it."""
    store: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(url)
    return store


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Tell what a store answers instead as one error."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        first = str(error).partition("\n")[0]
        said = f"{url} can't be read: {first}. See that it is there and that this user may read it"
        raise InputError(without_user(said)) from None

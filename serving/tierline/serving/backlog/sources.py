"""Where a backlog's files lie for an engine of many machines: at paths, or in an object store."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, cast

import pyarrow as pa
from pyarrow import fs

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile, ticket_suffixes
from tierline.serving.backlog.inputs import Backlog, shown
from tierline.serving.model_source import without_user

#: Objects asked about at once: each answer is a round trip to the store.
_ASKING: Final = 16
_MAX_NAME_BYTES: Final = 255


@dataclass(frozen=True)
class Source:
    """One file: its name within the backlog, where it lies, its size in bytes and what it is.

    ``path`` is one of this machine, or one in the store that ``url`` names. ``digest`` is its
    SHA-256, or by what the store knows its content (`_version`).
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
            InputError: when it can't be fetched, was changed since it was listed, or isn't usable
                as a whole.
        """
        if self.url is None:
            yield TicketFile(Path(self.path), mapping)
            return
        with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
            copy = Path(folder) / _copy_name(PurePosixPath(self.name).name)
            with _told(self.url, self.name):
                system, _ = store_of(self.url)
                fs.copy_files(self.path, str(copy), source_filesystem=system)
                # Asked last: a store copies in pieces, and may give those of two versions.
                now = _version(system, self.path)
            if now != self.digest:
                raise InputError(
                    f"expected {self.name} at {_plain(self.url)} as it was when the job began; it "
                    "was changed since"
                )
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
    above = path.rstrip("/") + "/"
    names = {
        info.path.removeprefix(above) if folder else info.base_name: info
        for info in found
        if info.type is fs.FileType.File
    }
    readable = tuple(ticket_suffixes(mapping))
    shown_names = [name for name in sorted(names) if shown(name) or not folder]
    wanted = {name: names[name] for name in shown_names if name.lower().endswith(readable)}
    if not wanted:
        raise InputError(
            f"expected tickets ({', '.join(readable)}) at {_plain(url)}; found none: see that the "
            "bucket and the path are named so"
        )
    _refuse_unreadable(wanted, url)
    with _told(url), ThreadPoolExecutor(_ASKING, "tierline-list") as pool:
        versions = list(pool.map(lambda info: _version(system, info.path), wanted.values()))
    files = [
        Source(name, info.path, info.size, version, url)
        for (name, info), version in zip(wanted.items(), versions, strict=True)
    ]
    left_out = [name for name in shown_names if name not in wanted]
    return Sources(files, mapping, folder, left_out, root)


def _refuse_unreadable(names: Mapping[str, fs.FileInfo], url: str) -> None:
    """Refuse names that a store knows and Arrow can't ask for: what lies there would be lost."""
    if odd := [name for name in names if "" in name.split("/")]:
        raise InputError(
            f"expected names without an empty part at {_plain(url)}; found {odd[0]!r} (a slash too "
            "many): rename it"
        )


def _version(system: fs.FileSystem, path: str) -> str:
    """Return by what a store knows an object's content: its size with its ETag or time of change.

    S3 tells time in whole seconds, and another fraction of it in lists than for one object: an
    ETag is asked for first.
    """
    with system.open_input_file(path) as file:
        size, told = file.size(), cast(Mapping[str, bytes], file.metadata())
    for name, value in told.items():
        if name.lower() == "etag" and (tag := value.decode(errors="replace").strip('"')):
            return f"{size}:{tag}"
    info = system.get_file_info(path)
    return f"{info.size}:{info.mtime_ns}"


def _copy_name(name: str) -> str:
    """Return a name that a file may have, with the same ending; an object's may be longer."""
    if len(os.fsencode(name)) <= _MAX_NAME_BYTES:
        return name
    return name[-(_MAX_NAME_BYTES // 4) :]  # a character takes 4 bytes at most


def store_of(url: str) -> tuple[fs.FileSystem, str]:
    """Return the store that a URL names, and the path in it."""
    store: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(url)
    return store


def _plain(url: str) -> str:
    """Return a URL without its user, password and parameters: any may be a secret.

    A password that wasn't escaped may hold a slash or a question mark: where there may be one,
    all up to the last @ is left out.
    """
    scheme, _, rest = url.partition("://")
    if set("@:") & set(rest.partition("/")[0]):
        rest = rest.rpartition("@")[2]
    return f"{scheme}://{rest.partition('?')[0]}"


@contextmanager
def _told(url: str, name: str = "") -> Iterator[None]:
    """Tell what a store answers instead as one error; ``name`` is the object's, of a folder's."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        place = _plain(url)
        first = without_user(str(error).replace(url, place)).partition("\n")[0].rstrip(".")
        remedy = "See that it is there and that this user may read it"
        if isinstance(error, pa.ArrowInvalid):
            remedy = "See that it is a URL, with %20, %25, %3F, %23 for blanks, %, ?, # in names"
        at = f"{name} at {place}" if name else place
        raise InputError(f"{at} can't be read: {first}. {remedy}") from None

"""Where decisions wait while the store is away: a local file of JSON lines.

A line is one item (see `Remembered.items`), redacted like what is stored. Every append is on disk
before it returns. One lock per folder lets several processes share it; lines are taken out under
that lock, so an erasure finds a line here or in the store.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from filelock import FileLock

from tierline.serving.line_ends import ends_a_line
from tierline.serving.store.remembered import Json

_WAITING: Final = "waiting.jsonl"
_REFUSED: Final = "refused.jsonl"
_MARK: Final = "file"
_PRIVATE: Final = 0o600


class Spool:
    """One folder with the lines that wait, and those that no store would take."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting, self._refused = folder / _WAITING, folder / _REFUSED
        self._lock = FileLock(folder / "spool.lock", mode=_PRIVATE)
        self._done = (b"", 0)
        #: The versions among the lines that are done: what follows may name them.
        self._versions: list[Json] = []

    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        try:
            return self._waiting.stat().st_size == 0
        except OSError:
            return True

    def count(self) -> tuple[int, int]:
        """Return how many decisions wait, and how many no store would take."""
        waiting, refused = (
            sum(item is not None and item["kind"] == "decisions" for item in _items(path))
            for path in (self._waiting, self._refused)
        )
        return waiting, refused

    def append(self, items: Sequence[Json]) -> None:
        """Add items; they are on disk when this returns.

        Raises:
            OSError: when they can't be written.
        """
        self._append(self._waiting, items)

    def refuse(self, items: Sequence[Json]) -> None:
        """Keep items that the store refused for what they hold, for a person to look at.

        Raises:
            OSError: when they can't be written.
        """
        self._append(self._refused, items)

    def drain(self, write: Callable[[list[Json]], None], most: int) -> bool:
        """Hand up to ``most`` lines to ``write``; return whether nothing is left.

        What ``write`` raises is passed on, and the lines stay. They also stay when the process
        dies in between, so ``write`` may get lines again.
        """
        if self.is_empty():
            return True
        with self._lock:
            return self._drain(write, most)

    def erase(self, doomed: Callable[[Json], bool]) -> int:
        """Remove the lines for which ``doomed`` holds, and broken ones; return their number."""
        if not self.folder.is_dir():
            return 0
        with self._lock:
            gone, again = 0, 1
            while again:  # a line may say whose an earlier one is
                again = sum(_rewritten(path, doomed) for path in (self._waiting, self._refused))
                gone += again
            return gone

    def _append(self, path: Path, items: Sequence[Json]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = "".join(json.dumps(item) + "\n" for item in items).encode()
        with self._lock, _to_add(path) as file:
            start = file.tell()
            try:
                if not start:
                    file.write(_mark())
                elif not ends_a_line(path):
                    file.write(b"\n")  # after a power cut in the middle of a line
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, start)
                raise
            if not start:
                _sync_folder(self.folder)

    def _drain(self, write: Callable[[list[Json]], None], most: int) -> bool:
        try:
            file = self._waiting.open("rb")
        except FileNotFoundError:
            return True
        with file:
            mark = file.readline()
            # Another process, or an erasure, may have begun a new file since.
            before: list[Json] = []
            if self._done[0] == mark:
                file.seek(self._done[1])
                before = self._versions
            items: list[Json] = []
            for line in file:
                if (item := _item(line)) is not None:
                    items.append(item)
                if len(items) >= most:
                    break
            place, end = file.tell(), os.fstat(file.fileno()).st_size
            write([*before, *items])
        versions = {(i["kind"], i["version"]): i for i in (*before, *items) if "version" in i}
        self._done, self._versions = (mark, place), list(versions.values())
        if place < end:
            return False
        self._waiting.unlink()
        return True


def _to_add(path: Path) -> IO[bytes]:
    """Open a file to add to it, made for its owner only. Under the lock: others may remove it."""
    path.touch(mode=_PRIVATE)
    return path.open("ab")


def _mark() -> bytes:
    """Return a file's first line, by which it is told from the file before and after it."""
    return json.dumps({"kind": _MARK, "id": str(uuid4())}).encode() + b"\n"


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last, where the system has that."""
    if os.name == "posix":
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def _item(line: bytes) -> Json | None:
    """Return the item of a line, None for one that was cut short and for a file's mark."""
    try:
        item = json.loads(line)
    except ValueError:
        return None
    return item if isinstance(item, dict) and item.get("kind") != _MARK else None


def _items(path: Path) -> Iterator[Json | None]:
    # Not asked for first: a server may remove it at any time.
    with suppress(FileNotFoundError), path.open("rb") as file:
        yield from map(_item, file)


def _rewritten(path: Path, doomed: Callable[[Json], bool]) -> int:
    """Write the file anew without the doomed lines; what it held is overwritten, not only unlinked.

    The new file takes the name first: whatever ends this process, what is kept isn't lost. Where an
    open file can't be replaced (Windows) it takes it last.
    """
    if not path.exists():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if (item := _item(line)) is not None and not doomed(item)]
    if len(kept) == max(len(lines) - 1, 0):
        return 0
    fresh = path.with_suffix(".new")
    fresh.touch(mode=_PRIVATE)
    with fresh.open("wb") as file:
        file.writelines([_mark(), *kept])
        file.flush()
        os.fsync(file.fileno())
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if os.name == "posix":
            fresh.replace(path)
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())
    if os.name != "posix":
        fresh.replace(path)
    return len(lines) - 1 - len(kept)

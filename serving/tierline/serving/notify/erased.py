"""Whose letters were erased lately: servers may still hold some in memory."""

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierline.serving.notify.letter import Letter
from tierline.serving.notify.mark_key import MarkKey, write_whole

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: No letter waits in memory for so long.
_REMEMBERED: Final = 7 * 86_400.0


class Erased:
    """A folder with a file per mark (see `Letter.marks`), keyed: when its letters were erased."""

    def __init__(self, folder: Path, key: MarkKey, lock: "BaseFileLock") -> None:
        self._folder, self._key, self._lock = folder, key, lock

    def add(self, marks: Collection[str]) -> None:
        """Say that the letters with these marks are erased, up to now.

        Raises:
            OSError: when it can't be written; what was said before still holds.
        """
        with self._lock:
            self._folder.mkdir(exist_ok=True)
            for mark in self._key.of(marks):
                write_whole(self._folder / mark, datetime.now(UTC).isoformat())

    def holds(self, letter: Letter) -> bool:
        """Return whether the letter was made before one of its marks was erased."""
        for mark in self._key.known(letter.marks):
            with suppress(FileNotFoundError):
                if letter.made_at <= _erased_at(self._folder / mark):
                    return True
        return False

    def prune(self) -> None:
        """Forget marks of a week ago."""
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _REMEMBERED:
                    path.unlink()


def _erased_at(mark: Path) -> datetime:
    """Return what a mark says; of one that can't be read, when it was written."""
    written = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
    try:
        at = datetime.fromisoformat(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return written
    return at if at.tzinfo else written  # it was cut off before its time zone

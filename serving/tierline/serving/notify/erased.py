"""Whose letters were erased lately: servers may still hold some in memory."""

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tierline.serving.notify.letter import Letter

#: No letter waits in memory for so long.
_REMEMBERED: Final = 7 * 86_400.0


class Erased:
    """A folder with a file per mark (see `Letter.marks`): when its letters were erased."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, marks: Collection[str]) -> None:
        """Say that the letters with these marks are erased, up to now."""
        self._folder.mkdir(exist_ok=True)
        for mark in marks:
            (self._folder / mark).write_text(datetime.now(UTC).isoformat(), encoding="utf-8")

    def holds(self, letter: Letter) -> bool:
        """Return whether the letter was made before one of its marks was erased."""
        for mark in letter.marks:
            with suppress(FileNotFoundError):
                at = (self._folder / mark).read_text(encoding="utf-8")
                if letter.made_at <= datetime.fromisoformat(at):
                    return True
        return False

    def prune(self) -> None:
        """Forget marks of a week ago."""
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _REMEMBERED:
                    path.unlink()

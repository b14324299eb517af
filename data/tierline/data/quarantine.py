"""Where rows go that can't be used: one JSON line each, the row's number and the reason.

The text itself stays in the input file, so that no personal data is copied.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tierline.data.errors import InputError
from tierline.data.rows import BadRow


class Quarantine:
    """A file made with the first bad row; a job without bad rows leaves none behind.

    ``waiting`` counts the rows of a blind sample that nobody has labelled yet: nothing is wrong
    with them, so they are counted and not written.

    Raises:
        InputError: when the file can't be written, or an older one not be removed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.waiting = 0
        self._file: TextIO | None = None
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(path, error) from None

    def add(self, row: BadRow, source: Path) -> None:
        """Write one bad row of the file ``source``."""
        if self._file is None:
            self._file = self._opened()
        self._file.write(quarantine_line(row, source.name))
        self._file.flush()
        self.count += 1

    def _opened(self) -> TextIO:
        try:
            return self.path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def __enter__(self) -> "Quarantine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: expected a file that can be written, for rows that can't be used; "
        f"found: {error.strerror}. Name another output, or read a copy in another folder"
    )


def quarantine_line(row: BadRow, source: str, safety: Sequence[str] = ()) -> str:
    """Return one bad row of the file ``source`` as it is written.

    ``safety`` are the ids of the safety rules that fire on its words, said where there are some.
    """
    line = {"file": source, "row": row.number, "reason": row.reason}
    more = {"safety": list(safety)} if safety else {}
    return json.dumps(line | more, ensure_ascii=False) + "\n"

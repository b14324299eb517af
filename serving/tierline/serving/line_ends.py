"""Files of lines that are added to: what was cut off must not swallow the next line."""

import os
from pathlib import Path


def ends_a_line(path: Path) -> bool:
    """Return whether a file that isn't empty ends with a whole line, not in the middle of one."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

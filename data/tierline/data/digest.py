"""What tells two files apart, whatever they are called."""

import hashlib
from pathlib import Path
from typing import Final

_BLOCK: Final = 1 << 20


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()

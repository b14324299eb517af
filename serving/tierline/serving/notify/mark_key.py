"""The outbox's key: who was erased can't be found by trying ids until one fits."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_BYTES: Final = 32
_PRIVATE: Final = 0o600


class MarkKey:
    """A random key in a file that only its owner can read; all processes of an outbox share it.

    It is made when it is first needed. It is never kept in memory, so that all agree where the
    file is lost and made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, marks: Iterable[str]) -> list[str]:
        """Return the marks' keyed hashes; none while there is no key, as nothing has them yet."""
        key = self._read()
        return [] if key is None else [_keyed(key, mark) for mark in marks]

    def of(self, marks: Iterable[str]) -> list[str]:
        """Return the marks' keyed hashes, 64 hexadecimal digits each; make the key for them.

        Call it under the outbox's lock: two processes must not make one each.

        Raises:
            OSError: when it can't be written, or read.
        """
        key = self._read()
        if key is None:
            text = secrets.token_hex(_BYTES)
            write_whole(self._path, text)
            key = text.encode()
        return [_keyed(key, mark) for mark in marks]

    def _read(self) -> bytes | None:
        try:
            key = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return key if len(key) == 2 * _BYTES else None  # one that was cut off could be guessed


def write_whole(path: Path, text: str) -> None:
    """Write a file for its owner only: others see what was there before or all of it.

    One process at a time may do so.
    """
    new = path.with_name(path.name + ".new")
    try:
        new.touch(mode=_PRIVATE)
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _keyed(key: bytes, mark: str) -> str:
    return hmac.new(key, mark.encode(), hashlib.sha256).hexdigest()

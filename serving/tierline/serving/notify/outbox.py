"""What was sent, what is being sent, and what couldn't be: a folder of its own."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from tierline.data.errors import InputError, TierlineError
from tierline.serving.line_ends import ends_a_line
from tierline.serving.notify.erased import Erased
from tierline.serving.notify.letter import Letter
from tierline.serving.notify.mark_key import MarkKey

if TYPE_CHECKING:
    from filelock import BaseFileLock

_DAY: Final = 86_400.0
#: A letter is remembered as sent for so long.
_REMEMBERED: Final = 30 * _DAY
#: Sending takes minutes at most: what is older was left by a process that ended.
_ABANDONED: Final = 3_600.0


class Outbox:
    """One file per letter that is being sent or was, so that processes agree; dead letters.

    A letter's file is made before it is sent and tells afterwards only that it was, and by its
    marks of whose ticket.
    """

    def __init__(self, folder: Path) -> None:
        self.dead = folder / "dead.jsonl"
        self._keys = folder / "keys"
        self._next_prune = 0.0
        self._retrying = folder / "retrying.jsonl"
        self._unreadable = folder / "unreadable.jsonl"
        try:
            self._keys.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{folder}: can't keep notifications there: {error.strerror}"
            ) from None
        self._lock: BaseFileLock = _lock(folder / "dead.lock")
        self._one_retry: BaseFileLock = _lock(folder / "retrying.lock")
        self._erased = Erased(folder / "erased", MarkKey(folder / "marks_key"), self._lock)

    def claim(self, letter: Letter) -> bool:
        """Return whether the letter is this caller's to send: nobody sent it, or is about to.

        A claim of more than an hour ago is one of a process that ended. What was erased is
        nobody's to send.
        """
        if time.monotonic() >= self._next_prune:
            self.prune()
        pending, sent = self._files(letter)
        try:
            # An erasure would take a claim that is half written for a lost line, and remove it;
            # who finds the same one abandoned would remove the claim of whoever was first.
            with self._lock:
                if _age(pending) > _ABANDONED:  # Whoever claimed it has ended.
                    pending.unlink(missing_ok=True)
                with pending.open("x", encoding="utf-8") as file:
                    file.write(letter.model_dump_json())
        except FileExistsError:
            return False
        # Looked up last: it may have been sent or erased a moment ago.
        if sent.exists() or self._erased.holds(letter):
            pending.unlink(missing_ok=True)
            return False
        return True

    def sent(self, letter: Letter) -> None:
        """Remember that the letter was sent, and nothing of what it says."""
        pending, sent = self._files(letter)
        with self._lock:
            if not self._erased.holds(letter):
                sent.write_text(" ".join(letter.marks), encoding="utf-8")
        pending.unlink(missing_ok=True)

    def holds(self, letter: Letter) -> bool:
        """Return whether a letter that was claimed is still to be sent: it wasn't erased since."""
        # Another process may hold the same matter, which was told anew after the erasure.
        return self._files(letter)[0].exists() and not self.erased(letter)

    def erased(self, letter: Letter) -> bool:
        """Return whether what has one of the letter's marks was erased since it was made."""
        return self._erased.holds(letter)

    def bury(self, letter: Letter, problem: str, attempts: int = 0) -> None:
        """Put the letter on the list of dead letters, unless it was erased, and give it free."""
        tried = letter.attempts + attempts
        dead = letter.model_copy(update={"problem": problem, "attempts": tried})
        with self._lock:
            if not self._erased.holds(letter):
                _add(self.dead, f"{dead.model_dump_json()}\n".encode())
        self.release(letter)

    def release(self, letter: Letter) -> None:
        """Let the letter be claimed again."""
        self._files(letter)[0].unlink(missing_ok=True)

    def dead_letters(self) -> list[Letter]:
        """Return the dead letters, oldest first."""
        return [letter for letter, _ in _read(self.dead) if letter is not None]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold what is taken for one retry: another one's `forget_taken` would lose it.

        Raises:
            TierlineError: when another retry holds it.
        """
        from filelock import Timeout

        try:
            self._one_retry.acquire(blocking=False)
        except Timeout:
            raise TierlineError(
                f"expected no other retry of the letters in {self.dead.parent}; one is running. "
                "Wait for it to end"
            ) from None
        try:
            yield
        finally:
            self._one_retry.release()

    def take_dead(self) -> list[Letter]:
        """Return the dead letters to try again, and those that an ended process left behind.

        They are kept aside until `forget_taken`: nothing is lost if this process ends, too. Be
        `alone` from here to there.
        """
        with self._lock:
            if self.dead.exists():
                # As bytes: a line may have been cut off in the middle of a character.
                _add(self._retrying, self.dead.read_bytes())
                self.dead.unlink()
        found = dict[str, Letter]()
        for letter, line in _read(self._retrying):
            if letter is None:
                _add(self._unreadable, f"{line}\n".encode())
            else:
                found.setdefault(letter.key, letter)
        with self._lock:  # Another process may be taking over the same claims.
            for letter in self._abandoned():
                self.release(letter)
                found.setdefault(letter.key, letter)
        return list(found.values())

    def forget_taken(self) -> None:
        """Say that all that was taken is sent, or on the list again."""
        self._retrying.unlink(missing_ok=True)

    def erase_before(self, before: datetime) -> int:
        """Erase what waits or was given up, of letters made before an instant; return how many.

        Lines that can't be read go, too. What was sent left nothing but its key and marks.
        """
        return self._erase(lambda letter: letter.made_at < before)

    def erase_of(self, marks: Collection[str]) -> int:
        """Erase all of the tickets or customers with these marks; return how many letters.

        Lines that can't be read go, too: nobody can tell whose they are. Letters that servers
        hold in memory aren't sent any more, and leave nothing here.
        """
        self._erased.add(marks)
        with self._lock:
            for path in self._keys.glob("*.sent"):
                with suppress(FileNotFoundError):
                    if not set(marks).isdisjoint(path.read_text(encoding="utf-8").split()):
                        path.unlink()
        return self._erase(lambda letter: not set(marks).isdisjoint(letter.marks))

    def _erase(self, doomed: Callable[[Letter], bool]) -> int:
        self.prune()  # Where only commands run nothing else does.
        gone = 0
        with self._lock:
            for path in (self.dead, self._retrying, self._unreadable, *self._pending()):
                found = list(_read(path))
                kept = [line for letter, line in found if letter and not doomed(letter)]
                gone += len(found) - len(kept)
                if kept and len(kept) < len(found):
                    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
                elif not kept:
                    path.unlink(missing_ok=True)
        return gone

    def prune(self) -> None:
        """Forget what was sent a month ago; claims do it once a day, and every erasure."""
        self._next_prune = time.monotonic() + _DAY
        self._erased.prune()
        for path in self._keys.glob("*.sent"):
            if _age(path) > _REMEMBERED:
                path.unlink(missing_ok=True)

    def _abandoned(self) -> Iterator[Letter]:
        for path in self._pending():
            if _age(path) > _ABANDONED:
                yield from (letter for letter, _ in _read(path) if letter is not None)

    def _pending(self) -> list[Path]:
        return sorted(self._keys.glob("*.pending"))

    def _files(self, letter: Letter) -> tuple[Path, Path]:
        return self._keys / f"{letter.key}.pending", self._keys / f"{letter.key}.sent"


def _lock(path: Path) -> "BaseFileLock":
    try:
        from filelock import FileLock
    except ImportError:
        raise InputError("notifications need filelock: pip install 'tierline[notify]'") from None
    return FileLock(path)


def _add(path: Path, lines: bytes) -> None:
    """Add lines to a file, beginning a new one where the last was cut off."""
    with path.open("ab") as file:
        if file.tell() and not ends_a_line(path):
            file.write(b"\n")
        file.write(lines)


def _read(path: Path) -> Iterator[tuple[Letter | None, str]]:
    """Yield each line's letter; None for a line that was cut off."""
    try:
        # Not `splitlines`: JSON may hold what that takes for a line's end, such as U+2028.
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = [line.removesuffix("\n") for line in file]
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield Letter.model_validate_json(line), line
        except ValidationError:
            yield None, line


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

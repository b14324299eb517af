"""A scoring job on disk: part files that only grow, and a state that says how much of them counts.

A chunk's bytes are appended and synced first, the state second. So after a crash at any point the
state names bytes that are there; what lies beyond them is cut off, and its records are answered
again.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tierline.data.errors import InputError, JobError
from tierline.serving.backlog.job_state import Identity, JobState, state_path, unfinished
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.tables import part_path
from tierline.serving.backlog.writers import answer_codec


def quarantine_path(out: Path) -> Path:
    """Return where a job writing to ``out`` puts its bad rows."""
    return out.with_name(out.name + ".quarantine.jsonl")


def refuse_inputs(
    out: Path, reads: Callable[[Path], bool], expected: str = "another file than the tickets"
) -> None:
    """Refuse an output whose job would write over what it ``reads``, or beside it.

    Raises:
        InputError: naming the file of both.
    """
    aside = quarantine_path(out)
    own = out, aside, part_path(out), part_path(aside), state_path(out)
    for path in filter(reads, own):
        beside = "" if path == out else f", beside which it writes {path.name}: give another name"
        raise InputError(f"--out: expected {expected}; found {out}{beside}")


class Job:
    """Writes a backlog's answers and its quarantine, chunk by chunk; use it as a context manager.

    A job that is broken off leaves its parts and its state, unless it has nothing yet. With
    ``resume`` it goes on where the one before was; where there is none, it begins.

    Raises:
        InputError: when another job's state lies there, naming what differs or what to do.
    """

    def __init__(
        self, out: Path, identity: Identity, *, source: str | None = None, resume: bool = False
    ) -> None:
        self.out, self.codec = out, answer_codec(out)
        if out.is_dir():
            raise InputError(f"--out: expected a file to write; found a folder at {out}")
        self._state_path = state_path(out)
        self._parts = part_path(out), part_path(quarantine_path(out))
        before = unfinished(out)
        if before is not None:
            _refuse_other(before, identity, out, resume=resume)
        self._changed = before is not None and before.identity != identity
        if before is not None and self._changed:
            before = before.model_copy(update={"identity": identity})
        self.state = before or JobState(identity=identity, source=source)
        self._files: list[int] = []

    @property
    def records(self) -> int:
        """How many of the backlog's records are done."""
        return self.state.done.records

    @property
    def begun(self) -> bool:
        """Whether there is something to resume."""
        return self._state_path.exists()

    @property
    def whole(self) -> bool:
        """Whether all records are done and only the files are to be made."""
        return self.state.done.whole

    @property
    def summary(self) -> Summary:
        """What came of them."""
        return self.state.done.summary

    def __enter__(self) -> "Job":
        done = self.state.done
        if self.whole:
            return self
        try:
            for path, size in zip(self._parts, (done.answers, done.aside), strict=True):
                self._files.append(_opened(path, size))
            if not done.answers:
                _append(self._files[0], self.codec.head)
                done.answers = len(self.codec.head)
            if self._changed:
                self.state.save(self._state_path)
        except OSError as error:
            self._close()
            raise InputError(f"--out: {self.out} can't be written: {_why(error)}") from None
        except InputError:
            self._close()
            raise
        return self

    def begin(self) -> None:
        """Save the state, unless that was done: before decisions get their ids from the job's.

        Whoever resumes has to know its id. Until then a mistake leaves nothing behind.

        Raises:
            JobError: when the disk doesn't take it.
        """
        if self.begun:
            return
        try:
            self.state.save(self._state_path)
        except OSError as error:
            raise self.stopped(f"{self.out} can't be written: {_why(error)}") from None

    def commit(self, chunk: Chunk) -> None:
        """Add a chunk.

        Raises:
            JobError: when the disk doesn't take it; what was there before is kept.
        """
        done = self.state.done
        try:
            for file, content in zip(self._files, (chunk.answers, chunk.aside), strict=True):
                if content:
                    _append(file, content)
            done.records += chunk.records
            done.answers += len(chunk.answers)
            done.aside += len(chunk.aside)
            done.share, done.last = chunk.share, chunk.last
            done.summary = done.summary + chunk.summary
            self.state.save(self._state_path)
        except OSError as error:
            raise self.stopped(f"{self.out} can't be written: {_why(error)}") from None

    def finish(self) -> None:
        """Make the files of the parts. Broken off and called again, it ends the same.

        Raises:
            JobError: when they can't be made; the parts are kept.
        """
        answers, aside = self._parts
        try:
            if not self.whole:
                self.state.done.whole = True
                self.state.save(self._state_path)
            self._close()
            if aside.exists():
                quarantine = quarantine_path(self.out)
                if aside.stat().st_size:
                    aside.replace(quarantine)
                else:
                    quarantine.unlink(missing_ok=True)
                    aside.unlink()
            if answers.exists():
                self.codec.finish(answers, self.out)
            self._state_path.unlink()
        except OSError as error:
            raise self.stopped(f"{self.out} can't be written: {_why(error)}") from None

    def stopped(self, problem: str) -> JobError:
        """Return the error that says what is kept and how to go on."""
        before = unfinished(self.out)
        if before is None:
            return JobError(f"{problem}. Nothing was done yet: put it right, then begin again")
        return JobError(
            f"{problem}. {before.done.records:,} rows are done and kept: put it right, then run "
            "the same command with --resume"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
        if error is not None and not self.begun:
            for path in self._parts:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._state_path.with_name(self._state_path.name + ".new").unlink(missing_ok=True)

    def _close(self) -> None:
        while self._files:
            os.close(self._files.pop())


def _refuse_other(before: JobState, identity: Identity, out: Path, *, resume: bool) -> None:
    place = state_path(out)
    if not resume:
        raise InputError(
            f"--out: a job that writes {out} was broken off after {before.done.records:,} rows. "
            f"Go on with --resume, or delete {place} to start over"
        )
    # Once all records are done, another file would never be read.
    last = None if before.done.whole else before.done.last
    if lines := list(before.identity.differences(identity, last)):
        raise InputError(
            "--resume: expected the job that was broken off; this one differs:\n  "
            + "\n  ".join(lines)
            + f"\nGive what it began with, or delete {place} to start over"
        )


def _opened(path: Path, size: int) -> int:
    """Open a part for this job alone and cut off what its state doesn't name."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    try:
        _lock(file, path)
        found = os.fstat(file).st_size
        if found < size:
            raise InputError(
                f"--resume: expected {size:,} bytes in {path}; found {found:,}: it was altered. "
                "Delete the job's state to start over"
            )
        os.ftruncate(file, size)
    except BaseException:
        os.close(file)
        raise
    return file


def _lock(file: int, path: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InputError(f"--out: another job is writing {path}: wait for it to end") from None


def _append(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
    os.fsync(file)


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__

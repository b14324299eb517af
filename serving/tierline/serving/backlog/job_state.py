"""What a scoring job has done so far, in a file beside its answers: what `--resume` starts from."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from tierline.data.errors import InputError
from tierline.serving.backlog.summary import Summary

_SHOWN: Final = 60


class Identity(BaseModel):
    """All that the answers depend on: a job is resumed with the very same, or not at all.

    Only files after the last one with rows done may be others then.

    ``input`` maps each file to its SHA-256. ``model`` is the bundle's version, ``asked`` what
    ``--model`` said, ``options`` those that say how files are read and what computes the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: dict[str, str]
    now: datetime
    policy: str
    asked: str | None = None
    model: str | None = None
    options: dict[str, str | None] = Field(default_factory=dict)
    what_if: bool = True
    store: bool = False
    code: str

    def differences(self, other: "Identity", last: str | None = None) -> Iterator[str]:
        """Yield what another job has otherwise, each as one line.

        Files after the ``last`` one that has rows done may be others: one that broke the job off
        may have been put right.
        """
        mine, theirs = _up_to(self.input, last), _up_to(other.input, last)
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name):
                yield f"input: {name} isn't the file that it was"
        before, after = self._rest(), other._rest()
        for what in before | after:
            if before.get(what) != after.get(what):
                was, found = _said(before.get(what)), _said(after.get(what))
                yield f"{what}: it began with {was}; found {found}"

    def _rest(self) -> dict[str, object]:
        """Return all but the files by the name that a message gives it."""
        names = [name for name in Identity.model_fields if name not in {"input", "options"}]
        own = {_OPTION.get(name, name): getattr(self, name) for name in names}
        return own | {f"--{name}": value for name, value in self.options.items()}


def _up_to(files: Mapping[str, str], last: str | None) -> dict[str, str]:
    """Return the files up to the ``last`` one, all where it is none of them."""
    names = list(files)
    end = names.index(last) + 1 if last in names else len(names)
    return {name: files[name] for name in names[:end]}


_OPTION: Final = {
    "now": "--now",
    "asked": "--model",
    "model": "model version",
    "what_if": "--what-if",
    "store": "--store",
    "code": "Tierline",
}


@dataclass
class Done:
    """How far a job is: records of the input, and the bytes that hold what came of them.

    ``last`` is the file of the last record that is done.
    """

    records: int = 0
    answers: int = 0
    aside: int = 0
    share: float = 0.0
    summary: Summary = field(default_factory=Summary)
    whole: bool = False
    last: str | None = None


class JobState(BaseModel):
    """A job that has begun. ``source`` is where its model lies, an alias resolved to a version."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    id: str = Field(default_factory=lambda: str(uuid4()))
    identity: Identity
    source: str | None = None
    done: Done = Field(default_factory=Done)

    def save(self, path: Path) -> None:
        """Write the state; whoever reads sees the one before or this one."""
        new = path.with_name(path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def state_path(out: Path) -> Path:
    """Return where the state of a job writing to ``out`` is kept while it isn't done."""
    return out.with_name(out.name + ".job.json")


def unfinished(out: Path) -> JobState | None:
    """Return the state of a job that was broken off while it wrote to ``out``, if there is one.

    Raises:
        InputError: when the file is there and no state of this version.
    """
    path = state_path(out)
    try:
        return JobState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise InputError(
            f"expected the state of a job in {path}; it can't be used ({type(error).__name__}). "
            "Finish the job with the version of Tierline that began it, or delete it to start over"
        ) from None


def _said(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

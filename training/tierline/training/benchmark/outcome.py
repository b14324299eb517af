"""What came of one cell (set, method, seed), and the file that keeps it for the next run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tierline.data.errors import InputError


class Job(BaseModel):
    """All that decides a cell's outcome, but for the code and the machine.

    ``digest`` is the file's SHA-256; ``limit`` the most rows to learn from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    path: Path
    digest: str
    mapping: Mapping[str, str]
    method: str
    seed: int
    limit: int | None
    encoder: str
    setfit_steps: int

    @property
    def key(self) -> str:
        """Equal for cells whose outcome one may take for the other's.

        Where the file lies doesn't matter, nor what the method doesn't use.
        """
        unused = {"path"}
        if self.method != "setfit":
            unused.add("setfit_steps")
        if self.method == "tfidf":
            unused.add("encoder")
        return self.model_dump_json(exclude=unused)


class Outcome(BaseModel):
    """A cell's figures, or why there are none.

    Attributes:
        job: the cell.
        status: ``ok``, ``failed``, or ``missing`` for a library that isn't installed.
        reason: why there are no figures.
        figures: by head, the figures of the test part by name.
        rows: the number of rows by part.
        unseen: by head, the test rows whose label no training row has: nobody can get them right.
        shared: test rows that begin like a row to learn from (only an official split has some).
        parts: SHA-256 of which row is in which part.
        seconds: of training, without loading.
        cpu_seconds: processor time of training, all threads together.
        peak_mebibytes: the most memory of the whole cell, loading and answering included.
        curve: (seconds, CPU seconds, validation macro-F1, the mean over heads).
        notes: what the method says of itself.
        environment: the processor, and the versions of the libraries.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: Job
    status: Literal["ok", "failed", "missing"]
    reason: str = ""
    figures: Mapping[str, Mapping[str, float]] = {}
    rows: Mapping[str, int] = {}
    unseen: Mapping[str, int] = {}
    shared: int = 0
    parts: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mebibytes: float = 0.0
    curve: Sequence[tuple[float, float, float]] = ()
    notes: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}


class Results:
    """The outcomes in a JSON Lines file, written cell by cell; the last one of a cell counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_key: dict[str, Outcome] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8") if path.exists() else ""
        except OSError as error:
            raise InputError(f"--out: {path} can't be used: {error.strerror}") from None
        self._before = "" if not text or text.endswith("\n") else "\n"
        # Not `splitlines`: JSON may hold what that takes for a line's end, such as U+2028.
        for line in text.split("\n"):
            try:
                outcome = Outcome.model_validate_json(line)
            except ValidationError:
                continue  # half a line of an interrupted run, none, or one of another version
            self._by_key[outcome.job.key] = outcome

    def done(self, job: Job) -> Outcome | None:
        """Return the cell's figures when it has some; what failed is tried again."""
        found = self._by_key.get(job.key)
        return found if found and found.status == "ok" else None

    def __getitem__(self, job: Job) -> Outcome:
        """Return the cell's last outcome, figures or not."""
        return self._by_key[job.key]

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, on disk before it returns."""
        self._by_key[outcome.job.key] = outcome
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._before + outcome.model_dump_json() + "\n")
        self._before = ""

"""What ``tierline drift`` does: read two files, answer, compare, say what changed."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.model_source import load_predictor
from tierline.serving.progress import ShareProgress
from tierline.training.drift.answered import answer
from tierline.training.drift.compare import Comparison, compare
from tierline.training.drift.limits import Limits
from tierline.training.drift.sample import Sample, draw
from tierline.training.drift.say import say
from tierline.training.drift.words import telling_words

#: ``--model`` without any model: the words alone are compared.
NO_MODEL: Final = "none"
#: Exit code when drift was found; 0 when none was, 1 for errors.
DRIFT: Final = 20


@dataclass(frozen=True)
class DriftJob:
    """What to compare. ``most`` bounds the tickets compared of each file."""

    reference: Path
    recent: Path
    model: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    most: int = 5000
    seed: int = 0
    as_json: bool = False
    out: Path | None = None


def run(job: DriftJob, console: Console, errors: Console) -> int:
    """Compare two files of tickets, print what changed and return the exit code.

    Raises:
        TierlineError: when the model, a file or an option is unusable.
    """
    _refuse_odd_out(job.out)
    files = [TicketFile(path, job.mapping) for path in (job.reference, job.recent)]
    predictor = None if job.model == NO_MODEL else load_predictor(job.model)
    # Standard output is for the figures; with --json, progress goes only to a person's terminal.
    progress = console
    if job.as_json:
        progress = errors if errors.is_terminal else Console(quiet=True)
    with Quarantine(quarantine_path(job.out or job.recent)) as quarantine:
        reference, recent = (_read(file, job, quarantine, progress) for file in files)
    found = _compare(job, reference, recent, predictor, progress)
    if job.as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2) + "\n")
    else:
        say(found, console)
    _write(job, found, progress)
    if quarantine.count:
        where = f"{quarantine.count} rows quarantined, with reasons: {quarantine.path}"
        errors.print(where, markup=False, soft_wrap=True)
    return DRIFT if found.drift else 0


def _refuse_odd_out(out: Path | None) -> None:
    """Stop before minutes of work that could not be written."""
    if out is not None and (out.suffix != ".json" or not out.parent.is_dir()):
        raise InputError(
            f"--out: expected a file name that ends in .json, in a folder that exists; found {out}"
        )


def _read(file: TicketFile, job: DriftJob, quarantine: Quarantine, console: Console) -> Sample:
    with ShareProgress(console, f"reading {file.path.name}") as progress:
        return draw(file, job.most, job.seed, quarantine, progress.update)


def _compare(
    job: DriftJob, reference: Sample, recent: Sample, predictor: Predictor | None, console: Console
) -> Comparison:
    answered, manifest = None, None
    if predictor is not None:
        manifest = predictor.manifest
        with ShareProgress(console, f"answering with {predictor.version}") as progress:
            answered = answer(predictor, (reference, recent), progress.update)
        predictor.close()
    with ShareProgress(console, "comparing") as progress:
        return compare(reference, recent, manifest, answered, job.limits, job.seed, progress.update)


def _write(job: DriftJob, found: Comparison, console: Console) -> None:
    if job.out is None:
        return
    words = telling_words(found.reference.tickets, found.recent.tickets) if found.drift else {}
    told = {file: [w.as_json() for w in some] for file, some in words.items()}
    data = json.dumps(found.as_json() | {"telling_words": told}, indent=2, ensure_ascii=False)
    try:
        job.out.write_text(data + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{job.out}: can't be written: {error.strerror}") from None
    console.print(
        f"written, with the words that mark each file: {job.out}", highlight=False, markup=False
    )

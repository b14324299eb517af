"""What ``tierline benchmark`` does: read the sets, run the cells, print and write the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from tierline.data.errors import InputError
from tierline.models.encoder import DEFAULT_ENCODER
from tierline.serving.progress import ShareProgress
from tierline.training.benchmark.about import about
from tierline.training.benchmark.cells import run_cells
from tierline.training.benchmark.methods import METHODS
from tierline.training.benchmark.outcome import Job, Outcome, Results
from tierline.training.benchmark.sets import BenchmarkSet, find_files, lacking, read_set
from tierline.training.benchmark.summary import summarise
from tierline.training.benchmark.table import problems, rich_table, write


@dataclass(frozen=True)
class BenchmarkJob:
    """What to measure.

    Attributes:
        paths: files, or folders of files.
        out: folder of the results.
        sets: stems of the files to take; all when empty.
        methods: names of the methods; all when empty.
        seeds: how many, counted from 1.
        mapping: ``{field: column}`` for every set, before what is known of it; a file found in a
            folder may lack some of the columns.
        limit: the most rows to learn from.
        encoder: what the methods with an encoder start from.
        setfit_steps: the most contrastive steps of SetFit.
        reach: the validation score to reach; None for the lowest of the methods' best.
        against: the method to show differences from.
        command: what was typed, for the table.
    """

    paths: Sequence[Path]
    out: Path
    sets: Sequence[str] = ()
    methods: Sequence[str] = ()
    seeds: int = 3
    mapping: Mapping[str, str] | None = None
    limit: int | None = None
    encoder: str = DEFAULT_ENCODER
    setfit_steps: int = 1000
    reach: float | None = None
    against: str | None = None
    command: str = "tierline benchmark"


def run(job: BenchmarkJob, console: Console, errors: Console) -> None:
    """Measure, print the table, and write ``table.md`` and ``table.json`` beside the results.

    Raises:
        InputError: when the files or options are unusable, or no cell gave figures.
    """
    methods = _methods(job)
    results = Results(job.out / "results.jsonl")
    sets = _sets(job, console, errors)
    jobs = [
        _cell(job, given, method, seed)
        for given in sets
        for seed in range(1, job.seeds + 1)
        for method in methods
    ]
    outcomes = _run(jobs, results, console)
    headlines = {given.name: given.headline for given in sets}
    lines = summarise(outcomes, headlines, job.reach, job.against)
    facts = about(job.command, sets, outcomes, job.reach)
    console.print(rich_table(lines, headlines, job.against))
    for name, fact in facts.items():
        console.print(f"{name}: {escape(fact)}", soft_wrap=True, highlight=False)
    text, data = write(job.out, lines, headlines, job.against, facts)
    console.print(
        f"table: {text} (how to read it stands there) and {data}", soft_wrap=True, markup=False
    )
    for problem in problems(lines):
        errors.print(f"no figures: {escape(problem)}", soft_wrap=True, highlight=False)
    if not any(outcome.status == "ok" for outcome in outcomes):
        raise InputError("expected figures of at least one method; found none, see above")


def _methods(job: BenchmarkJob) -> tuple[str, ...]:
    given = dict.fromkeys(job.methods or METHODS)
    asked = (*given, job.against) if job.against else tuple(given)
    if unknown := [name for name in asked if name not in METHODS]:
        raise InputError(
            f"--method, --against: expected {', '.join(METHODS)}; found {', '.join(unknown)}"
        )
    if job.against and job.against not in given:
        raise InputError(f"--against: expected one of the methods run; found {job.against}")
    return tuple(given)


def _sets(job: BenchmarkJob, console: Console, errors: Console) -> tuple[BenchmarkSet, ...]:
    """Read the sets; what else lies in a folder is left out, and said.

    So are pairs of the mapping: few columns are called alike in all of a folder's files.
    """
    sets = []
    pairs = job.mapping or {}
    for path, may_be_left_out in find_files(job.paths, job.sets):
        try:
            absent = lacking(path, pairs) if may_be_left_out else {}
            held = {name: column for name, column in pairs.items() if name not in absent}
            given = read_set(path, held, job.out)
        except InputError as error:
            if not may_be_left_out:
                raise
            errors.print(f"left out: {path.name}: {error}", soft_wrap=True, markup=False)
            continue
        sets.append(given)
        console.print(
            f"set: {given.name}, {len(given.rows):,} labelled rows", highlight=False, markup=False
        )
        if absent:
            said = ", ".join(f"{name}={column}" for name, column in absent.items())
            errors.print(
                f"--map of {path.name}: without {said}, columns that the file lacks",
                soft_wrap=True,
                markup=False,
            )
        if given.quarantined:
            errors.print(
                f"{given.quarantined} rows of {path.name} quarantined, with reasons", markup=False
            )
    if not sets:
        raise InputError("expected at least one labelled set; name its columns with --map")
    return tuple(sets)


def _cell(job: BenchmarkJob, given: BenchmarkSet, method: str, seed: int) -> Job:
    return Job(
        name=given.name,
        path=given.path.resolve(),
        digest=given.digest,
        mapping=given.mapping,
        method=method,
        seed=seed,
        limit=job.limit,
        encoder=job.encoder,
        setfit_steps=job.setfit_steps,
    )


def _run(jobs: Sequence[Job], results: Results, console: Console) -> tuple[Outcome, ...]:
    kept = sum(results.done(job) is not None for job in jobs)
    if kept:
        console.print(f"{kept} of {len(jobs)} cells are in {results.path} already", markup=False)
    with ShareProgress(console, "benchmark") as shown:

        def progress(share: float, at: Job) -> None:
            shown.update(share, f"{at.name} · {at.method} · seed {at.seed}")

        def cell_done(outcome: Outcome) -> None:
            console.print(_said(outcome), soft_wrap=True, highlight=False)

        return run_cells(jobs, results, progress, cell_done)


def _said(outcome: Outcome) -> str:
    job = outcome.job
    name = f"{escape(job.name)} · {job.method} · seed {job.seed}"
    if outcome.status != "ok":
        return f"{name}: {outcome.status}: {escape(outcome.reason)}"
    scores = ", ".join(f"{h} macro-F1 {f['macro_f1']:.3f}" for h, f in outcome.figures.items())
    return f"{name}: {scores}; {outcome.seconds:.0f} s, {outcome.peak_mebibytes:.0f} MiB"

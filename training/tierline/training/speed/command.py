"""What ``tierline bench speed`` does: rounds of readings, one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from tierline.data.corpus import read_rows
from tierline.data.errors import InputError, PolicyError
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.graph import Device, need_cuda
from tierline.models.runtime.manifest import Manifest
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress
from tierline.serving.routing.known_labels import refuse_unknown_labels
from tierline.training.benchmark.machine import environment
from tierline.training.metrics import macro_f1
from tierline.training.speed.contestants import BATCHED, CONTESTANTS, ENCODER_ONLY, FP32, WHOLE
from tierline.training.speed.handing import save_tickets
from tierline.training.speed.reading import Asked, Reading, gemm_peak, read
from tierline.training.speed.work import Work, work_of
from tierline.training.targets import ABSENT, HeadLabels

#: What the ratio is taken to.
PEER: Final = "transformers.pipeline"
_NEEDS: Final[Mapping[str, str]] = {
    "setfit": "setfit",
    "sentence-transformers": "sentence_transformers",
}
#: How to read the table.
HOW: Final = (
    f"Medians over the rounds; the ratio is to {PEER} in the same round. 'of peak' counts the "
    "operations that the texts need, padding and norms left out, against the machine's largest "
    "measured product; what is answered by less than the whole encoder can pass 100%. All but "
    "Tierline answer with the encoder alone, without n-gram model, evidence and calibration; "
    f"setfit answers one head. '{WHOLE}' reads a file, decides by rules and policy, writes one: "
    "a long one in a process per thread, and the memory is that of the first."
)
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 128, 512)
_TRIED: Final = 512
#: A batch size that takes so many times as long as the best one ends the search for a better one.
_FAR_WORSE: Final = 1.5


@dataclass(frozen=True)
class SpeedJob:
    """What to time.

    Attributes:
        bundle: folder of the bundle whose weights all use.
        files: tickets, labelled or not.
        mapping: ``{field: column}``.
        out: folder of ``speed.md`` and ``speed.json``.
        texts: the most tickets, from the beginning of the files.
        rounds: how often every contestant is timed, in turn.
        threads: threads of each.
        methods: names of the contestants; all that are installed when empty.
        policy: file of the policy by which `tierline score` decides; the default one if None.
        device: what computes the encoder, for all.
    """

    bundle: Path
    files: Sequence[Path]
    mapping: Mapping[str, str]
    out: Path
    texts: int
    rounds: int
    threads: int
    methods: Sequence[str] = ()
    policy: Path | None = None
    device: Device = Device.CPU


@dataclass(frozen=True)
class Line:
    """One contestant: medians over the rounds.

    ``ratio`` is the median over the rounds of its tickets per second to the peer's of that round;
    ``gemm`` the share of the machine's measured peak that useful arithmetic reached.
    """

    name: str
    batch: int | None
    tickets_per_second: float
    ratio: float | None
    tokens_per_second: float
    gemm: float
    peak_mebibytes: float
    macro_f1: Mapping[str, float]


def run(job: SpeedJob, console: Console, errors: Console) -> None:
    """Time every contestant, print the table, and write it.

    Raises:
        InputError: when the tickets, a name or the folder are unusable.
        BundleError: when the bundle doesn't verify or isn't a BERT.
    """
    if job.device is Device.CUDA:
        _need_gpu()
    bundle = Bundle.load(job.bundle)
    names = _names(job, bundle.manifest, errors)
    _make(job.out)
    rows = _read(job, errors)
    work = work_of(bundle, [row.ticket for row in rows])
    with TemporaryDirectory() as folder, ShareProgress(console, "speed") as shown:
        file = Path(folder) / "tickets.jsonl"
        save_tickets([row.ticket for row in rows], file)
        peak = 0.0
        readings: dict[str, list[Reading]] = {name: [] for name in names}
        batches: dict[str, int] = {}
        steps = [(turn, name) for turn in range(job.rounds) for name in names]
        for done, (turn, name) in enumerate(steps):
            shown.update(done / len(steps), f"{name}, round {turn + 1}")
            if name == names[0]:  # in every round: the machine may have slow minutes
                peak = max(peak, gemm_peak(job.threads, job.device))
            policy = str(job.policy) if job.policy else None
            asked = Asked(name, str(job.bundle), job.threads, 0, str(file), policy, job.device)
            if name not in batches:
                batches[name] = _best_batch(asked) if name in BATCHED else 0
            readings[name].append(read(replace(asked, batch=batches[name])))
    lines = [_line(n, batches[n], readings, rows, bundle, work, peak) for n in names]
    facts = _facts(job, bundle, rows, work, peak)
    console.print(_table(lines))
    _write(job.out, lines, facts)
    console.print(
        f"table: {job.out / 'speed.md'} and {job.out / 'speed.json'}", soft_wrap=True, markup=False
    )


def _need_gpu() -> None:
    """Refuse a machine on which one of the libraries finds no GPU, before the first is timed."""
    import torch

    need_cuda()
    if not torch.cuda.is_available():
        raise InputError(
            "--device cuda: expected a GPU that torch can use; found none: install a build of "
            "torch for CUDA, or leave out --device"
        )


def _make(out: Path) -> None:
    """Make the folder before the minutes of work that end in it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(out, error) from None


def _unusable(out: Path, error: OSError) -> InputError:
    return InputError(f"--out: {out} can't be used: {error.strerror}")


def _read(job: SpeedJob, errors: Console) -> list[Row]:
    with Quarantine(quarantine_path(job.out / "speed.md")) as quarantine:
        rows = read_rows(job.files, job.mapping, quarantine, need_labels=False)[: job.texts]
    if quarantine.count:
        where = f"{quarantine.count:,} rows quarantined, with reasons: {quarantine.path}"
        errors.print(where, markup=False, soft_wrap=True)
    if not rows:
        raise InputError("expected tickets to time; the files have none")
    return rows


def _names(job: SpeedJob, manifest: Manifest, errors: Console) -> list[str]:
    if unknown := [n for n in job.methods if n not in CONTESTANTS]:
        raise InputError(f"--method: expected {', '.join(CONTESTANTS)}; found {', '.join(unknown)}")
    names = []
    for name in job.methods or CONTESTANTS:
        if name in _NEEDS and find_spec(_NEEDS[name]) is None:
            errors.print(f"left out: {name} isn't installed: pip install 'tierline[bench]'")
        elif name == WHOLE and (problem := _undecided(job, manifest)):
            errors.print(f"left out: {name}: {problem}; --policy names another", markup=False)
        elif name in job.methods or not _twice(name, job.device, manifest):
            names.append(name)
    return names


def _twice(name: str, device: Device, manifest: Manifest) -> bool:
    """True for what another contestant is already."""
    return (name == ENCODER_ONLY and not manifest.fast) or (name == FP32 and device is Device.CUDA)


def _undecided(job: SpeedJob, manifest: Manifest) -> str | None:
    """Return what keeps the policy from deciding by the bundle's labels, None if nothing does."""
    policy = load_policy(job.policy)
    try:
        refuse_unknown_labels(policy, manifest.heads, manifest.version)
    except PolicyError as error:
        return str(error).partition(":")[0]
    return None


def _best_batch(asked: Asked) -> int:
    """Return the batch size that answers a few tickets soonest; larger ones pad more and more."""
    best, least = 0, inf
    for batch in _BATCHES:
        seconds = read(replace(asked, batch=batch, first=_TRIED)).seconds
        if seconds > _FAR_WORSE * least:
            break
        if seconds < least:
            best, least = batch, seconds
    return best


def _line(
    name: str,
    batch: int,
    readings: Mapping[str, Sequence[Reading]],
    rows: Sequence[Row],
    bundle: Bundle,
    work: Work,
    peak: float,
) -> Line:
    own, peers = readings[name], readings.get(PEER)
    seconds = median(r.seconds for r in own)
    ratio = (
        median(p.seconds / r.seconds for r, p in zip(own, peers, strict=True)) if peers else None
    )
    scores = _scores(bundle, rows, own[0].answers)
    return Line(
        name,
        batch or None,
        len(rows) / seconds,
        ratio,
        work.tokens / seconds,
        work.operations / seconds / peak,
        median(r.peak_mebibytes for r in own),
        scores,
    )


def _scores(
    bundle: Bundle, rows: Sequence[Row], answers: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return the macro-F1 of every head that was answered and that the tickets have labels for."""
    scores = {}
    for head in bundle.manifest.heads:
        truth = HeadLabels(head.name, head.labels).targets(rows)
        known = truth != ABSENT
        if known.any() and head.name in answers:
            answered = np.array([head.labels.index(label) for label in answers[head.name]])
            scores[head.name] = macro_f1(truth[known], answered[known])
    return scores


def _facts(
    job: SpeedJob, bundle: Bundle, rows: Sequence[Row], work: Work, peak: float
) -> dict[str, str]:
    return {
        "bundle": f"{bundle.manifest.version}, ships {bundle.manifest.serves}",
        "device": "cuda, by the fp32 graph" if job.device is Device.CUDA else "cpu",
        "tickets": f"{len(rows):,} with {work.tokens:,} tokens (none of padding)",
        "timed": f"{job.rounds} rounds in turn, {job.threads} threads, a fresh process each time",
        "peak": f"{peak / 1e9:.0f} GFLOP/s (float32, 2048 x 2048; the best of all rounds)",
        "machine": ", ".join(f"{k} {v}" for k, v in environment().items()),
    }


_HEADINGS: Final = ("", "batch", "tickets/s", "ratio", "tokens/s", "of peak", "MiB", "macro-F1")


def _cells(line: Line) -> tuple[str, ...]:
    scores = ", ".join(f"{head} {value:.3f}" for head, value in line.macro_f1.items())
    return (
        line.name,
        str(line.batch or "–"),
        f"{line.tickets_per_second:.1f}",
        "–" if line.ratio is None else f"{line.ratio:.2f}",
        f"{line.tokens_per_second:.0f}",
        f"{line.gemm:.0%}",
        f"{line.peak_mebibytes:.0f}",
        scores or "–",
    )


def _table(lines: Sequence[Line]) -> Table:
    table = Table(title="speed", title_justify="left")
    for i, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="right" if 0 < i < len(_HEADINGS) - 1 else "left")
    for line in lines:
        table.add_row(*_cells(line))
    return table


def _write(out: Path, lines: Sequence[Line], facts: Mapping[str, str]) -> None:
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, lines)]
    table = ["| " + " | ".join(row) + " |" for row in rows]
    notes = [f"- {name}: {fact}" for name, fact in facts.items()]
    content = {"about": dict(facts), "lines": [asdict(line) for line in lines]}
    try:
        text = "\n".join([*table, "", HOW, "", *notes]) + "\n"
        (out / "speed.md").write_text(text, encoding="utf-8")
        (out / "speed.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unusable(out, error) from None

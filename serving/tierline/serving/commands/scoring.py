"""Score a backlog: files of tickets in, a file of answers out."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from tierline.data.errors import InputError
from tierline.models.runtime.graph import Device
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job_state import JobState, state_path, unfinished
from tierline.serving.backlog.ray_engine import RayJob, need_ray, score_on_ray
from tierline.serving.backlog.scoring import Scoring, Summary, quarantine_path
from tierline.serving.backlog.scoring import score as run_score
from tierline.serving.backlog.sources import Sources, is_url
from tierline.serving.commands.recording import recording
from tierline.serving.commands.shared import (
    DeviceOption,
    FormatOption,
    MapOption,
    ModelOption,
    PolicyOption,
    RulesOnly,
    SpoolOption,
    StoreOption,
    app,
    clock_at,
    console,
    errors,
    make_router,
    pairs_of,
)
from tierline.serving.live.cores import usable_cores
from tierline.serving.model_source import CHAMPION_URI, bundle_folder, pinned
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress

#: Each has the model in memory: more than these only where somebody asks for them.
_PROCESSES: Final = 8


class Engine(StrEnum):
    """What answers a backlog."""

    LOCAL = "local"
    RAY = "ray"


@app.command(rich_help_panel="Answering")
def score(
    file: Annotated[
        str,
        typer.Argument(
            help="Tickets: CSV, JSON Lines or Parquet, or a folder of them; with --engine ray also "
            "a URL, such as s3://BUCKET/FOLDER."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Answers: .csv, .jsonl or .parquet.")],
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    source: FormatOption = None,
    now: Annotated[
        str | None, typer.Option(help="The clock for all answers, ISO 8601; the present if absent.")
    ] = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
    what_if: Annotated[
        bool, typer.Option(help="Say what would change each tier; --no-what-if is faster.")
    ] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a job that was broken off stopped.")
    ] = False,
    device: DeviceOption = Device.CPU,
    engine: Annotated[
        Engine, typer.Option(help="What answers: this process, or a Ray cluster (extra 'ray').")
    ] = Engine.LOCAL,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many processes answer a long backlog (one per core, up to 8), or Ray actors.",
        ),
    ] = None,
) -> None:
    """Score a backlog: one answer per ticket, bad rows quarantined."""
    if store and not what_if:
        raise InputError(
            "expected --store or --no-what-if; found both: a store keeps whole answers"
        )
    on_ray = engine is Engine.RAY
    _refuse_idle_device(device, on_ray=on_ray, rules_only=rules_only)
    _refuse_mixtures(file, on_ray=on_ray, store=store, workers=workers)
    pairs = pairs_of(mapping, source, load_policy(policy), labels=False)
    backlog = Sources.of(file, pairs) if on_ray else Backlog.of(Path(file), pairs)
    if backlog.left_out:
        errors.print(f"note: not read: {', '.join(backlog.left_out)}", markup=False)
    before = unfinished(out) if resume else None
    if resume and before is None:
        console.print(f"nothing to resume at {state_path(out)}: beginning", markup=False)
    asked = None if rules_only else model
    place = _source(asked, before)
    # The actors need the very files: they are fetched once.
    bundle = bundle_folder(place) if on_ray and place else None
    router = make_router(str(bundle or place or model), rules_only, policy, device)
    router.what_if = what_if
    clock = before.identity.now if before and now is None else clock_at(now)
    options = {
        "map": ",".join(mapping) if mapping else None,
        "format": source.value if source else None,
        "device": device.value,
    }
    with (
        recording(store, spool) as remembering,
        ShareProgress(console, "scoring") as progress,
    ):
        done = before.done.summary.answered if before else 0

        def report(share: float, count: int) -> None:
            speed = (count - done) / progress.seconds
            progress.update(share, f"{count:,} tickets, {speed:,.0f}/s")

        scoring = Scoring(options, asked, place, resume, workers or min(usable_cores(), _PROCESSES))
        try:
            if isinstance(backlog, Sources):
                work = RayJob(backlog, router, bundle, clock, workers)
                summary = score_on_ray(work, out, report, scoring)
            else:
                summary = run_score(backlog, out, router, clock, report, remembering, scoring)
        except KeyboardInterrupt:
            if left := unfinished(out):
                errors.print(f"{left.done.records:,} rows are done: go on with --resume")
            raise
        seconds = progress.seconds
    _print_summary(summary, seconds, out)
    _refuse_unusable(summary, out)


def _refuse_mixtures(file: str, *, on_ray: bool, store: str | None, workers: int | None) -> None:
    if on_ray:
        need_ray()
        if store:
            raise InputError(
                "expected --store or --engine ray; found both: Ray's answers aren't kept"
            )
    elif is_url(file):
        raise InputError("expected a file or a folder, or --engine ray for a URL; found a URL")
    elif store and (workers or 1) > 1:
        raise InputError(
            "expected --workers 1 with --store (or TIERLINE_STORE_URL), as one process keeps all "
            f"decisions; found {workers}"
        )


def _refuse_idle_device(device: Device, *, on_ray: bool, rules_only: bool) -> None:
    if device is Device.CUDA and (on_ray or rules_only):
        other = "--engine ray" if on_ray else "--rules-only"
        raise InputError(f"expected --device cuda or {other}; found both: the GPU would go unused")


def _source(asked: str | None, before: JobState | None) -> str | None:
    """Return where the job's model lies: an alias is looked up once, when the job begins."""
    if asked is None or (before is not None and before.identity.asked == asked):
        return before.source if before and asked else None
    return pinned(asked)


def _refuse_unusable(summary: Summary, out: Path) -> None:
    """See to it that a scheduler hears of a job that answered nothing."""
    if summary.quarantined and not summary.answered:
        raise InputError(
            f"expected a row that can be used; found none among {summary.quarantined:,}: the "
            f"reasons are in {quarantine_path(out)}. A column that is called like a field and "
            "holds something else stays unread with --map FIELD="
        )


def _print_summary(summary: Summary, seconds: float, out: Path) -> None:
    count = summary.answered
    table = Table(title=f"{count:,} tickets answered in {seconds:.1f} s ({escape(str(out))})")
    for column, justify in (("", "left"), ("tickets", "right"), ("share", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    sections: tuple[tuple[str, Counter[str]], ...] = (
        ("", Counter({f"tier {tier}": n for tier, n in sorted(summary.tiers.items())})),
        ("severity ", Counter(dict(sorted(summary.severities.items())))),
        ("", Counter(dict(summary.rules.most_common()))),
        ("review: ", Counter(dict(summary.reviews.most_common()))),
    )
    for prefix, counter in sections:
        table.add_section()
        for name, n in counter.items():
            table.add_row(prefix + name, f"{n:,}", f"{n / max(count, 1):.1%}")
    console.print(table)
    if summary.modes["rules_only"]:
        console.print(f"{summary.modes['rules_only']:,} answered by rules only")
    if fast := summary.stages["ngrams"]:
        console.print(f"{fast:,} answered by the model's n-grams alone ({fast / count:.1%})")
    if summary.quarantined:
        where = quarantine_path(out)
        console.print(
            f"{summary.quarantined:,} rows quarantined, with reasons: {where}", markup=False
        )
        if summary.alarmed:
            console.print(
                f"{summary.alarmed:,} of them say what a safety rule fires on: see to these first "
                "('safety' in their lines)"
            )

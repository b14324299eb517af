"""Commands that measure: a bundle, the recipe beside others, tickets against earlier ones."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from tierline.data.columns import parse_map
from tierline.models.runtime.graph import Device
from tierline.serving.commands.shared import (
    DeviceOption,
    FormatOption,
    LabelsOption,
    MapOption,
    ModelOption,
    PolicyOption,
    app,
    console,
    errors,
    pairs_of,
)
from tierline.serving.model_source import CHAMPION_URI
from tierline.training.commands.options import (
    PANEL,
    need_training_extra,
)


@app.command(rich_help_panel=PANEL)
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder of a trained bundle.")],
    file: Annotated[Path, typer.Argument(help="Labelled tickets to measure it on.")],
    mapping: MapOption = None,
    source: FormatOption = None,
    labels: LabelsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the whole report as one page, its JSON beside it.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(help="TOML file with your own costs of mistakes.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another bundle, to compare on the same tickets.")
    ] = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(help="File the bundle was trained on, to find near-duplicates (repeatable)."),
    ] = None,
    foreign: Annotated[
        list[Path] | None,
        typer.Option(help="Texts the bundle isn't for, to find how well it tells (repeatable)."),
    ] = None,
    policy: PolicyOption = None,
) -> None:
    """Measure a bundle on labelled tickets, with 95% intervals; compare it with another."""
    need_training_extra()
    from tierline.training.report.command import EvaluateJob, run

    job = EvaluateJob(
        bundle,
        file,
        pairs_of(mapping, source),
        policy,
        html,
        costs,
        against,
        trained_on or (),
        foreign or (),
        as_json,
        labels,
    )
    run(job, console, errors)


@app.command(rich_help_panel=PANEL)
def benchmark(
    paths: Annotated[
        list[Path], typer.Argument(help="Labelled sets: CSV, JSON Lines or Parquet; or a folder.")
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="Name of a file, without its ending (repeatable)."),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="tierline, tfidf, frozen, setfit, trainer (repeatable; all by default).",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, counted from 1.")] = 3,
    mapping: MapOption = None,
    limit_train: Annotated[
        int | None, typer.Option(min=2, help="Most rows to learn from, validation included.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="A hub id or folder; the packaged MiniLM by default.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Method to show differences from, seed by seed.")
    ] = None,
    reach: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Validation macro-F1 to time; the lowest of the methods' best."
        ),
    ] = None,
    setfit_steps: Annotated[
        int, typer.Option(min=1, help="Most steps (of 16 pairs) of SetFit, on large sets.")
    ] = 1000,
    out: Annotated[
        Path, typer.Option(help="Folder of the results; cells already there aren't run again.")
    ] = Path("out/benchmark"),
) -> None:
    """Measure Tierline beside TF-IDF, a frozen encoder, SetFit and transformers.Trainer."""
    need_training_extra()
    from tierline.models.encoder import DEFAULT_ENCODER
    from tierline.training.benchmark.command import BenchmarkJob, run

    job = BenchmarkJob(
        paths=paths,
        out=out,
        sets=sets or (),
        methods=methods or (),
        seeds=seeds,
        mapping=parse_map(mapping),
        limit=limit_train,
        encoder=encoder or DEFAULT_ENCODER,
        setfit_steps=setfit_steps,
        reach=reach,
        against=against,
        command=shlex.join(["tierline", *sys.argv[1:]]),
    )
    run(job, console, errors)


@app.command(rich_help_panel=PANEL)
def drift(
    reference: Annotated[Path, typer.Argument(help="Tickets as they were: an earlier period.")],
    recent: Annotated[Path, typer.Argument(help="Tickets to compare with them.")],
    model: ModelOption = CHAMPION_URI,
    mapping: MapOption = None,
    source: FormatOption = None,
    alpha: Annotated[
        float, typer.Option(min=0.001, max=0.2, help="Chance of any false alarm, at most.")
    ] = 0.01,
    min_auc: Annotated[
        float,
        typer.Option(
            min=0.5, max=1, help="Input drift from this AUC of a classifier between the files on."
        ),
    ] = 0.55,
    min_points: Annotated[
        float,
        typer.Option(min=0, max=100, help="Label drift from a move of so many points on."),
    ] = 3.0,
    min_confidence_points: Annotated[
        float,
        typer.Option(min=0, max=100, help="Confidence drift from a move of so many points on."),
    ] = 5.0,
    sample: Annotated[
        int, typer.Option(min=100, help="Most tickets of each file that are compared.")
    ] = 5000,
    seed: Annotated[int, typer.Option(help="Seeds every random choice.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write JSON here, with words that mark each file's tickets."),
    ] = None,
) -> None:
    """Compare recent tickets with earlier ones: words, answers, confidence.

    Exit codes: 0 no drift, 20 drift, 1 error. With --model none only the words are compared.
    """
    need_training_extra()
    from tierline.training.drift.command import DriftJob, run
    from tierline.training.drift.limits import Limits

    limits = Limits(alpha, min_auc, min_points, min_confidence_points)
    pairs = pairs_of(mapping, source)
    job = DriftJob(reference, recent, model, pairs, limits, sample, seed, as_json, out)
    raise typer.Exit(run(job, console, errors))


bench = typer.Typer(help="Measure speed beside other tools.", no_args_is_help=True)
app.add_typer(bench, name="bench", rich_help_panel=PANEL)


@bench.command()
def speed(
    bundle: Annotated[Path, typer.Argument(help="Folder of a trained bundle.")],
    files: Annotated[list[Path], typer.Argument(help="Tickets to answer, labelled or not.")],
    mapping: MapOption = None,
    source: FormatOption = None,
    texts: Annotated[int, typer.Option(min=1, help="Most tickets, from the first.")] = 2000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is timed, in turn.")] = 3,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of each; all cores by default.")
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="One of the table's first column (repeatable; all)."),
    ] = None,
    policy: PolicyOption = None,
    device: DeviceOption = Device.CPU,
    out: Annotated[Path, typer.Option(help="Folder of the table.")] = Path("out/speed"),
) -> None:
    """Answer the same tickets with other libraries around the same weights, and with Tierline."""
    need_training_extra()
    from tierline.training.speed.command import SpeedJob, run

    used = threads or os.cpu_count() or 1
    pairs = pairs_of(mapping, source)
    job = SpeedJob(bundle, files, pairs, out, texts, rounds, used, methods or (), policy, device)
    run(job, console, errors)

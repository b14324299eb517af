"""The command ``tierline``: serving's commands, and training's on top.

Libraries that only training needs are imported when a training command runs, so that the
others start fast and work without them.
"""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from tierline.data.columns import parse_map
from tierline.data.errors import InputError, TierlineError
from tierline.serving.commands import MapOption, PolicyOption, app, console, errors

_TRAINING = "Training"
Files = Annotated[list[Path], typer.Argument(help="Labelled tickets: CSV, JSON Lines or Parquet.")]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="TOML file that says which labels were renamed or retired."),
]


@app.command(rich_help_panel=_TRAINING)
def train(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the trained bundle.")],
    encoder: Annotated[
        str | None, typer.Option(help="A hub id or folder; the packaged MiniLM by default.")
    ] = None,
    mapping: MapOption = None,
    labels: LabelsOption = None,
    evaluate_on: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled file to measure too, never to learn from (repeatable)."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most passes over the data.")] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=0.5, help="Share of P1, loss and breach tickets to miss at most."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seeds every random choice.")] = None,
) -> None:
    """Fine-tune a classifier on labelled tickets, tracked in MLflow."""
    _need_training_extra()
    from dataclasses import replace

    from tierline.training.pipeline import TrainJob
    from tierline.training.pipeline import train as run
    from tierline.training.recipe import Recipe

    settings: dict[str, Any] = {"encoder": encoder, "epochs": epochs, "alpha": alpha, "seed": seed}
    recipe = replace(Recipe(), **{k: v for k, v in settings.items() if v is not None})
    job = TrainJob(files, out, recipe, parse_map(mapping), evaluate_on or (), labels=labels)
    run(job, console)
    console.print("make it the champion with: tierline promote")


@app.command(rich_help_panel=_TRAINING)
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder of a trained bundle.")],
    file: Annotated[Path, typer.Argument(help="Labelled tickets to measure it on.")],
    mapping: MapOption = None,
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
    policy: PolicyOption = None,
) -> None:
    """Measure a bundle on labelled tickets, with 95% intervals; compare it with another."""
    _need_training_extra()
    from tierline.training.report.command import EvaluateJob, run

    job = EvaluateJob(
        bundle,
        file,
        parse_map(mapping),
        policy,
        html,
        costs,
        against,
        trained_on or (),
        as_json,
        labels,
    )
    run(job, console, errors)


@app.command(rich_help_panel=_TRAINING)
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
    _need_training_extra()
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


@app.command(rich_help_panel=_TRAINING)
def promote(
    version: Annotated[
        str | None, typer.Argument(help="Version of the registered model; the newest by default.")
    ] = None,
) -> None:
    """Make a trained version the champion: what scoring and serving use by default."""
    _need_training_extra()
    from tierline.training.tracking import promote as run

    console.print(f"champion: version {run(version)} of model 'tierline'")


def _need_training_extra() -> None:
    missing = [
        name for name in ("cleanlab", "mlflow", "sklearn", "torch") if find_spec(name) is None
    ]
    if missing:
        raise InputError(
            f"this command needs the training libraries ({', '.join(missing)} missing): "
            "pip install 'tierline[train]'"
        )


def main() -> None:
    """Run the command; errors of Tierline's own end it with one message and exit code 1."""
    try:
        app()
    except TierlineError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)

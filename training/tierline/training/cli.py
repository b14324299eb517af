"""The command ``tierline``: serving's commands, and training's on top.

Libraries that only training needs are imported when a training command runs, so that the
others start fast and work without them.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from tierline.data.columns import parse_map
from tierline.data.errors import InputError, TierlineError
from tierline.serving.commands import PolicyOption, app, console, errors
from tierline.training.launch import launched

_TRAINING = "Training"
Files = Annotated[list[Path], typer.Argument(help="Labelled tickets: CSV, JSON Lines or Parquet.")]
MapOption = Annotated[
    str | None, typer.Option("--map", help="FIELD=COLUMN pairs, e.g. body=description.")
]


@app.command(rich_help_panel=_TRAINING)
def train(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the trained bundle.")],
    encoder: Annotated[
        str | None, typer.Option(help="A hub id or folder; the packaged MiniLM by default.")
    ] = None,
    mapping: MapOption = None,
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

    from tierline.training.recipe import Recipe

    settings: dict[str, Any] = {"encoder": encoder, "epochs": epochs, "alpha": alpha, "seed": seed}
    recipe = replace(Recipe(), **{k: v for k, v in settings.items() if v is not None})
    if not launched().main:
        from tierline.training.along import train_along

        train_along(files, parse_map(mapping), recipe)
        return
    from tierline.training.pipeline import TrainJob
    from tierline.training.pipeline import train as run

    run(TrainJob(files, out, recipe, parse_map(mapping), evaluate_on or ()), console)
    console.print("make it the champion with: tierline promote")


@app.command(rich_help_panel=_TRAINING)
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder of a trained bundle.")],
    file: Annotated[Path, typer.Argument(help="Labelled tickets to measure it on.")],
    mapping: MapOption = None,
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
        bundle, file, parse_map(mapping), policy, html, costs, against, trained_on or (), as_json
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
        place = launched()
        where = f" in {place}" if place.count > 1 else ""
        errors.print(f"[bold red]error{where}:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)

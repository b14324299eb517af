"""The command ``tierline``: serving's commands, and training's on top.

Libraries that only training needs are imported when a training command runs, so that the
others start fast and work without them.
"""

import shlex
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tierline.data.columns import parse_map
from tierline.data.errors import InputError, TierlineError
from tierline.serving.commands import MapOption, ModelOption, PolicyOption, app, console, errors
from tierline.serving.model_source import CHAMPION_URI
from tierline.training.launch import launched

if TYPE_CHECKING:
    from tierline.training.recipe import Recipe

_TRAINING = "Training"
Files = Annotated[list[Path], typer.Argument(help="Labelled tickets: CSV, JSON Lines or Parquet.")]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="TOML file that says which labels were renamed or retired."),
]
EncoderOption = Annotated[
    str | None, typer.Option(help="A hub id or folder; the packaged MiniLM by default.")
]
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Most passes over the data.")]
AlphaOption = Annotated[
    float | None,
    typer.Option(min=0.001, max=0.5, help="Share of P1, loss and breach tickets to miss at most."),
]
SeedOption = Annotated[int | None, typer.Option(help="Seeds every random choice.")]


@app.command(rich_help_panel=_TRAINING)
def train(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the trained bundle.")],
    encoder: EncoderOption = None,
    mapping: MapOption = None,
    labels: LabelsOption = None,
    evaluate_on: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled file to measure too, never to learn from (repeatable)."),
    ] = None,
    epochs: EpochsOption = None,
    alpha: AlphaOption = None,
    seed: SeedOption = None,
) -> None:
    """Fine-tune a classifier on labelled tickets, tracked in MLflow."""
    _need_training_extra()
    recipe = _recipe(encoder=encoder, epochs=epochs, alpha=alpha, seed=seed)
    if not launched().main:
        from tierline.training.along import train_along

        train_along(files, parse_map(mapping), recipe, labels)
        return
    from tierline.training.pipeline import TrainJob
    from tierline.training.pipeline import train as run

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
    foreign: Annotated[
        list[Path] | None,
        typer.Option(help="Texts the bundle isn't for, to find how well it tells (repeatable)."),
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
        foreign or (),
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
    from tierline.training.retraining.registry import promote as run

    console.print(f"champion: version {run(version).after} of model 'tierline'")


@app.command(rich_help_panel=_TRAINING)
def rollback() -> None:
    """Make the champion before this one the champion again."""
    _need_training_extra()
    from tierline.training.retraining.registry import rollback as run

    moved = run()
    console.print(
        f"champion: version {moved.after} of model 'tierline' again; it was version {moved.before}"
    )


@app.command(rich_help_panel=_TRAINING)
def retrain(
    data: Annotated[list[Path], typer.Option(help="Labelled tickets (repeatable).")],
    feedback: Annotated[
        list[Path] | None,
        typer.Option(help="Corrections: id or text, labels, origin (repeatable)."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Leave out tickets filed before, ISO 8601.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="FIELD=COLUMN pairs of the files of --data.")
    ] = None,
    policy: PolicyOption = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the challenger, report.html and gate.json.")
    ] = Path("out/retrain"),
    suite: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled incidents that no challenger may lose (repeatable)."),
    ] = None,
    labels: LabelsOption = None,
    encoder: EncoderOption = None,
    epochs: EpochsOption = None,
    alpha: AlphaOption = None,
    seed: SeedOption = None,
) -> None:
    """Train a challenger; it becomes the champion if it passes the policy's gate.

    Exit codes: 0 promoted, 10 not promoted (the reasons are printed), others are failures.
    """
    _need_training_extra()
    from tierline.training.retraining.assembly import Sources
    from tierline.training.retraining.job import RetrainJob
    from tierline.training.retraining.job import retrain as run

    recipe = _recipe(encoder=encoder, epochs=epochs, alpha=alpha, seed=seed)
    sources = Sources(data, feedback or (), _date(since), parse_map(mapping), labels)
    outcome = run(RetrainJob(sources, out, recipe, policy, suite or ()), console)
    raise typer.Exit(outcome.exit_code)


def _recipe(**settings: Any) -> "Recipe":
    from dataclasses import replace

    from tierline.training.recipe import Recipe

    return replace(Recipe(), **{k: v for k, v in settings.items() if v is not None})


def _date(text: str | None) -> datetime | None:
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--since: expected an ISO 8601 date or time; found {text!r}") from None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


@app.command(rich_help_panel=_TRAINING)
def drift(
    reference: Annotated[Path, typer.Argument(help="Tickets as they were: an earlier period.")],
    recent: Annotated[Path, typer.Argument(help="Tickets to compare with them.")],
    model: ModelOption = CHAMPION_URI,
    mapping: MapOption = None,
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
    _need_training_extra()
    from tierline.training.drift.command import DriftJob, run
    from tierline.training.drift.limits import Limits

    limits = Limits(alpha, min_auc, min_points, min_confidence_points)
    job = DriftJob(reference, recent, model, parse_map(mapping), limits, sample, seed, as_json, out)
    raise typer.Exit(run(job, console, errors))


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

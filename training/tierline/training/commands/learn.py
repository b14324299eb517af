"""Commands that train: once, or as a job that judges what it trained."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tierline.data.errors import InputError
from tierline.serving.commands.shared import (
    FormatOption,
    LabelsOption,
    MapOption,
    PolicyOption,
    app,
    console,
    pairs_of,
)
from tierline.training.commands.options import (
    FAST_RISK,
    PANEL,
    AlphaOption,
    EncoderOption,
    EpochsOption,
    FastOption,
    FastRiskOption,
    Files,
    SeedOption,
    need_training_extra,
    recipe_with,
)
from tierline.training.launch import launched


@app.command(rich_help_panel=PANEL)
def train(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the trained bundle.")],
    encoder: EncoderOption = None,
    mapping: MapOption = None,
    source: FormatOption = None,
    labels: LabelsOption = None,
    policy: PolicyOption = None,
    evaluate_on: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled file to measure too, never to learn from (repeatable)."),
    ] = None,
    epochs: EpochsOption = None,
    alpha: AlphaOption = None,
    fast: FastOption = False,
    fast_risk: FastRiskOption = FAST_RISK,
    seed: SeedOption = None,
) -> None:
    """Fine-tune a classifier on labelled tickets, tracked in MLflow."""
    need_training_extra()
    recipe = recipe_with(
        encoder=encoder,
        epochs=epochs,
        alpha=alpha,
        fast_risk=fast_risk if fast else None,
        seed=seed,
    )
    if not launched().main:
        from tierline.training.along import train_along

        train_along(files, pairs_of(mapping, source), recipe, labels)
        return
    from tierline.training.pipeline import TrainJob
    from tierline.training.pipeline import train as run

    columns = pairs_of(mapping, source)
    job = TrainJob(files, out, recipe, columns, evaluate_on or (), labels=labels, policy=policy)
    run(job, console)
    console.print("make it the champion with: tierline promote")


@app.command(rich_help_panel=PANEL)
def retrain(
    data: Annotated[list[Path], typer.Option(help="Labelled tickets (repeatable).")],
    feedback: Annotated[
        list[str] | None,
        typer.Option(
            help="Corrections: a file, or a store such as sqlite:///FILE or "
            "postgresql://USER@HOST/DATABASE (repeatable)."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Leave out tickets filed before, ISO 8601.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN pairs of the files of --data (repeatable)."),
    ] = None,
    source: FormatOption = None,
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
    fast: FastOption = False,
    fast_risk: FastRiskOption = FAST_RISK,
    seed: SeedOption = None,
) -> None:
    """Train a challenger; it becomes the champion if it passes the policy's gate.

    Exit codes: 0 promoted, 10 not promoted (the reasons are printed), others are failures.
    """
    need_training_extra()
    from tierline.training.retraining.assembly import Sources
    from tierline.training.retraining.corrections import corrections_of
    from tierline.training.retraining.job import RetrainJob
    from tierline.training.retraining.job import retrain as run

    recipe = recipe_with(
        encoder=encoder,
        epochs=epochs,
        alpha=alpha,
        fast_risk=fast_risk if fast else None,
        seed=seed,
    )
    with corrections_of(feedback or ()) as files:
        sources = Sources(data, files, _date(since), pairs_of(mapping, source), labels)
        outcome = run(RetrainJob(sources, out, recipe, policy, suite or ()), console)
    raise typer.Exit(outcome.exit_code)


def _date(text: str | None) -> datetime | None:
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--since: expected an ISO 8601 date or time; found {text!r}") from None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found

"""Commands that say which trained version answers."""

from typing import Annotated

import typer

from tierline.serving.commands import app, console
from tierline.serving.model_source import give_up_soon
from tierline.training.commands.options import (
    PANEL,
    need_training_extra,
)


@app.command(rich_help_panel=PANEL)
def promote(
    version: Annotated[
        str | None, typer.Argument(help="Version of the registered model; the newest by default.")
    ] = None,
) -> None:
    """Make a trained version the champion: what scoring and serving use by default."""
    need_training_extra()
    give_up_soon()
    from tierline.training.retraining.registry import promote as run

    console.print(f"champion: version {run(version).after} of model 'tierline'")


@app.command(rich_help_panel=PANEL)
def rollback() -> None:
    """Make the champion before this one the champion again."""
    need_training_extra()
    give_up_soon()
    from tierline.training.retraining.registry import rollback as run

    moved = run()
    console.print(
        f"champion: version {moved.after} of model 'tierline' again; it was version {moved.before}"
    )

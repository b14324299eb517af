"""What training's commands share: options, and the check that their libraries are there.

Libraries that only training needs are imported when a training command runs, so that the
others start fast and work without them.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tierline.data.errors import InputError

if TYPE_CHECKING:
    from tierline.training.recipe import Recipe

#: Where the commands stand in the help.
PANEL: Final = "Training"
Files = Annotated[list[Path], typer.Argument(help="Labelled tickets: CSV, JSON Lines or Parquet.")]
EncoderOption = Annotated[
    str | None, typer.Option(help="A hub id or folder; the packaged MiniLM by default.")
]
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Most passes over the data.")]
AlphaOption = Annotated[
    float | None,
    typer.Option(min=0.001, max=0.5, help="Share of P1, loss and breach tickets to miss at most."),
]
FastOption = Annotated[
    bool,
    typer.Option("--fast", help="Let n-grams alone answer the tickets of which they are sure."),
]
FastRiskOption = Annotated[
    float,
    typer.Option(
        min=0.001, max=0.2, help="Share of tickets that --fast may get wrong in each head, at most."
    ),
]
#: What --fast may get wrong where the encoder is right; training/docs/fast.md says why so much.
FAST_RISK: Final = 0.0075
SeedOption = Annotated[int | None, typer.Option(help="Seeds every random choice.")]


def need_training_extra() -> None:
    """Refuse a command, with the remedy, where the training libraries are missing."""
    missing = [
        name for name in ("cleanlab", "mlflow", "sklearn", "torch") if find_spec(name) is None
    ]
    if missing:
        raise InputError(
            f"this command needs the training libraries ({', '.join(missing)} missing): "
            "pip install 'tierline[train]'"
        )


def recipe_with(**settings: Any) -> "Recipe":
    """Return the default recipe with what the user set; None stands for the default."""
    from dataclasses import replace

    from tierline.training.recipe import Recipe

    return replace(Recipe(), **{k: v for k, v in settings.items() if v is not None})

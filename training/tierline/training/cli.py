"""The command ``tierline``: serving's commands, and training's on top."""

import os
import sys

from rich.markup import escape

from tierline.data.errors import TierlineError
from tierline.serving.commands import app, errors
from tierline.training.commands import champion, learn, loading, measure
from tierline.training.launch import launched

__all__ = ["app", "main"]
#: Importing them added their commands to the app.
_COMMANDS = (learn, measure, champion, loading)


def main() -> None:
    """Run the command; errors of Tierline's own end it with one message and exit code 1."""
    try:
        app()
    except TierlineError as error:
        place = launched()
        where = f" in {place}" if place.count > 1 else ""
        errors.print(f"[bold red]error{where}:[/] {escape(str(error))}", soft_wrap=True)
        if place.count > 1:
            # A failure may leave torch's group with threads at work, which now and then abort the
            # interpreter's orderly end: the launcher would see a crash in place of exit code 1.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
        sys.exit(1)

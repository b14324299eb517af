"""The command ``tierline``: serving's commands, and training's on top."""

import os
import sys

from rich.markup import escape

from tierline.data.errors import TierlineError
from tierline.serving.commands import app, errors
from tierline.serving.model_source import store_said, without_user
from tierline.training.commands import champion, learn, loading, measure
from tierline.training.launch import Launch, launched

__all__ = ["app", "main"]
#: Importing them added their commands to the app.
_COMMANDS = (learn, measure, champion, loading)


def main() -> None:
    """Run the command; an error of ours, MLflow's or the system's is one message, exit code 1."""
    place = launched()
    code = _run(place)
    if place.count > 1:
        # torch's group leaves threads at work, which now and then abort the interpreter's orderly
        # end: the launcher would see a crash in place of the exit code, and end the others.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _run(place: Launch) -> int:
    """Run the command as one process of a launch, or alone; return its exit code."""
    try:
        app()
    except TierlineError as error:
        return _failed(place, str(error))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:
        # A full disk in the middle of an artefact: no command foresees it at every write.
        return _failed(place, _system_said(error))
    except Exception as error:
        if not _by_mlflow(error):
            raise
        remedy = "Start the store, or correct MLFLOW_TRACKING_URI"
        return _failed(place, f"expected the work done by {store_said(error)}. {remedy}")
    return 0


def _system_said(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    what = error.strerror or str(error) or type(error).__name__
    said = without_user(f"{where}{what}")
    return (
        f"expected the work done; the system answered: {said}. "
        "Make room, or correct the path or address, and run the command again"
    )


def _by_mlflow(error: Exception) -> bool:
    """Return whether MLflow raised it, without importing it for commands that don't need it."""
    exceptions = sys.modules.get("mlflow.exceptions")
    return exceptions is not None and isinstance(error, exceptions.MlflowException)


def _failed(place: Launch, why: str) -> int:
    where = f" in {place}" if place.count > 1 else ""
    errors.print(f"[bold red]error{where}:[/] {escape(why)}", soft_wrap=True)
    return 1

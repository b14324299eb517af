"""The commands that need no training library; importing them adds them to the app."""

from tierline.serving.commands import answering, labelling, policies, queueing
from tierline.serving.commands.shared import app, console, errors

__all__ = ["answering", "app", "console", "errors", "labelling", "policies", "queueing"]

"""The commands that need no training library; importing them adds them to the app."""

from tierline.serving.commands import (
    answering,
    checklist,
    handing,
    labelling,
    mapping,
    notifying,
    policies,
    queueing,
    scoring,
    store,
    store_feedback,
    store_replay,
)
from tierline.serving.commands.shared import app, console, errors

__all__ = [
    "answering",
    "app",
    "checklist",
    "console",
    "errors",
    "handing",
    "labelling",
    "mapping",
    "notifying",
    "policies",
    "queueing",
    "scoring",
    "store",
    "store_feedback",
    "store_replay",
]

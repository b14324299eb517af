"""Logs of a server: JSON lines (or plain ones) with request ids, and never a ticket's words."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Final

#: The request that is being worked on, empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_QUIET: Final = ("uvicorn.access",)


class LogFormat(StrEnum):
    """``json``: one object per line, for machines. ``plain``: for people."""

    JSON = "json"
    PLAIN = "plain"


class _Formatter(logging.Formatter):
    """What both formats share: of an error only its type and where it happened.

    An error's message may quote what it choked on.
    """

    def formatException(  # noqa: N802 (the base class's name)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        error = ei[1]
        if error is None:
            return ""
        # A group says only that something broke among several: its first error says what.
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        frames = traceback.extract_tb(error.__traceback__)
        places = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        return " < ".join([type(error).__name__, *reversed(list(places))])


class JsonFormatter(_Formatter):
    """One JSON object per record: time, level, logger, message, request id, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := request_id.get():
            found["request_id"] = name
        found |= getattr(record, "fields", {})
        if record.exc_info:
            found["error"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False, default=str)


class PlainFormatter(_Formatter):
    """Time, level and message, the fields as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = {"request": request_id.get()} if request_id.get() else {}
        fields |= getattr(record, "fields", {})
        said = " ".join(f"{name}={value}" for name, value in fields.items())
        line = f"{at} {record.levelname:<7} {record.getMessage()} {said}".rstrip()
        return f"{line} {self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(chosen: LogFormat | None = None) -> None:
    """Log to standard error, as JSON unless that is a terminal; uvicorn's lines, too.

    Uvicorn's own lines about requests are left out: their paths may hold tickets' ids.
    """
    plain = chosen is LogFormat.PLAIN or (chosen is None and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter() if plain else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).disabled = True

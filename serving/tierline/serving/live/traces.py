"""OpenTelemetry traces, where its usual environment variables ask for them (extra ``otel``)."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from tierline.data.errors import InputError
from tierline.serving.routing.router import Made

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
#: The first one that is set counts.
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"


class Traces(Protocol):
    """What starts spans; ``headers`` may say which trace a request belongs to."""

    def span(
        self, name: str, headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Any]:
        """Return the context of one piece of work."""
        ...

    def watch(self, made: Made) -> None:
        """Add the parts of an answer to its request's trace."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


def wanted(environment: Mapping[str, str]) -> bool:
    """Return whether the environment asks for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return False
    return any(environment.get(name) for name in _ENDPOINTS)


def traces_of(environment: Mapping[str, str] = os.environ) -> Traces | None:
    """Return what traces, or None where nothing asks for it; then nothing is imported.

    Raises:
        InputError: when traces are wanted and the extra isn't installed, or by another protocol
            than OTLP over HTTP.
    """
    if not wanted(environment):
        return None
    _refuse_other_protocols(environment)
    try:
        from tierline.serving.live.otel import OpenTelemetry
    except ImportError:
        raise InputError(
            f"{' or '.join(_ENDPOINTS)} is set, and OpenTelemetry isn't installed: "
            "pip install 'tierline[otel]', or unset it"
        ) from None
    return OpenTelemetry()


def _refuse_other_protocols(environment: Mapping[str, str]) -> None:
    """Refuse what would send spans to a port that can't read them, and lose them unsaid."""
    name = next((name for name in _PROTOCOLS if environment.get(name)), None)
    if name is not None and environment[name] != _SPOKEN:
        raise InputError(
            f"{name}: expected {_SPOKEN}, the only one that Tierline sends; found "
            f"{environment[name]!r}. Set it so, and the endpoint to the collector's port for HTTP "
            "(4318, as a rule), or unset both"
        )

"""Spans by OpenTelemetry's SDK, sent as OTLP over HTTP; its own variables say where to.

Spans hold resources' names, statuses and times: no path, no query, no ticket.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode

from tierline.serving.routing.router import Made

_CLOSING_SECONDS: Final = 2.0


class OpenTelemetry:
    """Spans of one server; it has a provider of its own and sets no global one."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        # What is passed here overrules the variables, of which two may name the service.
        named = OTELResourceDetector().detect().attributes.get(SERVICE_NAME)
        resource = Resource.create({} if named else {SERVICE_NAME: "tierline"})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tierline")

    @contextmanager
    def span(self, name: str, headers: Mapping[str, str] | None = None) -> Iterator[Span]:
        """Time one piece of work; ``headers`` say whose trace a request belongs to."""
        server = headers is not None
        with self._tracer.start_as_current_span(
            name,
            context=propagate.extract(dict(headers)) if headers is not None else None,
            kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException:
                # Without a description: an error's message may quote a ticket.
                span.set_status(StatusCode.ERROR)
                raise

    def watch(self, made: Made) -> None:
        """Add the parts of an answer to its request's trace, after the fact."""
        end = time.time_ns()
        for name, seconds in (("policy", made.recommending), ("model", made.predicting)):
            start = end - int(seconds * 1e9)
            self._tracer.start_span(name, start_time=start).end(end)
            end = start

    def close(self) -> None:
        """Send what is left; a collector that doesn't answer holds nobody up for long."""
        closing = threading.Thread(
            target=self._provider.shutdown, name="tierline-traces", daemon=True
        )
        closing.start()
        closing.join(_CLOSING_SECONDS)

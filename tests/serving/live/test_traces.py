"""Traces: only where the usual variables ask for them, and without a ticket's words."""

import gzip
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tierline.data.errors import InputError
from tierline.serving.live import otel
from tierline.serving.live.options import Live
from tierline.serving.live.otel import OpenTelemetry
from tierline.serving.live.traces import traces_of

from ..fakes import BREACH, predictor
from .app import PATIENCE, serving

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_request_is_a_trace_of_its_parts() -> None:
    kept = InMemorySpanExporter()
    live = Live(traces=OpenTelemetry(kept))
    with serving(predictor, live=live) as client:
        ticket = {"id": "zebrafish", "body": f"zebrafish {BREACH}"}
        client.post("/v1/route", json=ticket, headers={"traceparent": PARENT})
        client.get("/v1/locks/zebrafish")
    spans = kept.get_finished_spans()
    found = {span.name: span for span in spans}
    request = found["POST /v1/route"]
    assert request.attributes == {"http.response.status_code": 200}
    assert request.context and request.parent
    assert format(request.context.trace_id, "032x") == PARENT.split("-")[1]
    for part in ("model", "policy"):
        parent = found[part].parent
        assert parent and parent.span_id == request.context.span_id
    assert found["GET /v1/locks/{ticket:path}"].attributes == {"http.response.status_code": 409}
    assert "zebrafish" not in "".join(span.to_json() for span in spans)


def test_an_error_of_ours_leaves_no_words_in_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*args: Any) -> None:
        raise ValueError("zebrafish")

    monkeypatch.setattr("tierline.serving.http.routing_api.answer", fail)
    kept = InMemorySpanExporter()
    with serving(None, live=Live(traces=OpenTelemetry(kept))) as client:
        assert client.post("/v1/route", json={"body": BREACH}).status_code == 500
    (span,) = (s for s in kept.get_finished_spans() if s.name == "POST /v1/route")
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {"http.response.status_code": 500}
    assert "zebrafish" not in span.to_json()


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "tierline"),
        ({"OTEL_SERVICE_NAME": "triage"}, "triage"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=triage,team=support"}, "triage"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "team=support"}, "tierline"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=x", "OTEL_SERVICE_NAME": "triage"}, "triage"),
    ],
)
def test_the_usual_variables_name_the_service(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str
) -> None:
    for variable in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    kept = InMemorySpanExporter()
    traces = OpenTelemetry(kept)
    with traces.span("asked"):
        pass
    traces.close()
    (span,) = kept.get_finished_spans()
    assert span.resource.attributes["service.name"] == name


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "http://x", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://x", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_traces_unasked(environment: dict[str, str]) -> None:
    assert traces_of(environment) is None


def test_traces_without_the_extra_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tierline.serving.live.otel", None)
    with pytest.raises(InputError, match=r"tierline\[otel\]"):
        traces_of({ENDPOINT: "http://localhost:4318"})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({PROTOCOL: "grpc"}, f"{PROTOCOL}: expected http/protobuf.*found 'grpc'.*4318"),
        ({PROTOCOL: "http/protobuf", TRACES_PROTOCOL: "http/json"}, f"{TRACES_PROTOCOL}: expected"),
    ],
)
def test_a_protocol_that_is_not_spoken(environment: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        traces_of({ENDPOINT: "http://localhost:4317"} | environment)
    assert traces_of(environment) is None


class Stuck(InMemorySpanExporter):
    """Sends to a collector that doesn't answer."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.go.wait(PATIENCE)
        return super().export(spans)


def test_a_collector_that_does_not_answer_holds_no_stop_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel, "_CLOSING_SECONDS", 0.01)
    stuck = Stuck()
    traces = OpenTelemetry(stuck)
    with traces.span("asked"):
        pass
    traces.close()
    unsent = stuck.get_finished_spans() == ()
    stuck.go.set()
    assert unsent


class Collector(BaseHTTPRequestHandler):
    """Takes what is posted to it."""

    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.got.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("protocol", ["", "http/protobuf"])
def test_a_collector_gets_the_spans(monkeypatch: pytest.MonkeyPatch, protocol: str) -> None:
    monkeypatch.setattr(Collector, "got", [])
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", TRACES_PROTOCOL):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        running = threading.Thread(target=collector.serve_forever)
        running.start()
        try:
            monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{collector.server_port}")
            monkeypatch.setenv(PROTOCOL, protocol)
            with serving(predictor, live=Live(traces=traces_of())) as client:
                ticket = {"id": "zebrafish", "subject": "zebrafish", "body": f"zebrafish {BREACH}"}
                assert client.post("/v1/route", json=ticket).json()["tier"] == 3
        finally:
            collector.shutdown()
            running.join()
    # What is left is sent when the server stops.
    assert {path for path, _ in Collector.got} == {"/v1/traces"}
    sent = b"".join(body for _, body in Collector.got)
    assert b"POST /v1/route" in sent
    assert b"tierline" in sent
    assert b"zebrafish" not in sent
    assert b"hacked" not in sent


def test_nothing_is_imported_unasked() -> None:
    program = (
        "import sys; import tierline.serving.http.api; from tierline.serving.live.traces import "
        "traces_of; traces_of({}); assert 'opentelemetry.sdk' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""Traces: only where the usual variables ask for them, and without a ticket's words."""

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tierline.data.errors import InputError
from tierline.serving.live.options import Live
from tierline.serving.live.otel import OpenTelemetry
from tierline.serving.live.traces import traces_of

from ..fakes import BREACH, predictor
from .app import serving

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
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


def test_nothing_is_imported_unasked() -> None:
    program = (
        "import sys; import tierline.serving.http.api; from tierline.serving.live.traces import "
        "traces_of; traces_of({}); assert 'opentelemetry.sdk' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

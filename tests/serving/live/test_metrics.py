"""What is measured and logged: all that matters, and never a ticket's words."""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tierline.models.runtime.prediction import Account, Prediction
from tierline.serving.live.logs import JsonFormatter, PlainFormatter
from tierline.serving.live.metrics import _forget_the_dead
from tierline.serving.live.options import Live
from tierline.serving.live.safe_headers import SAFE_HEADERS

from ..fakes import BREACH, CALM, prediction, predictor
from .app import figures, serving

PLANTED = "zebrafish"


def test_answers_are_counted() -> None:
    said = prediction(confidence=0.42, thresholds={"low_confidence.severity": 0.5})
    with serving(lambda: predictor(lambda ticket: said)) as client:
        client.post("/v1/route", json={"body": BREACH})
        client.post("/v1/route/batch", json={"tickets": [{"body": CALM}] * 3})
        found = figures(client)
    assert found['tierline_answers_total{mode="full",tier="3"}'] == 1
    assert found['tierline_answers_total{mode="full",tier="1"}'] == 3
    assert found['tierline_safety_hits_total{rule="safety.security_breach"}'] == 1
    assert found['tierline_reviews_total{reason="low_confidence"}'] == 4
    assert found['tierline_confidence_bucket{head="severity",le="0.4"}'] == 0
    assert found['tierline_confidence_bucket{head="severity",le="0.45"}'] == 4
    assert found['tierline_request_tickets_bucket{le="2.0"}'] == 1
    assert found["tierline_request_tickets_count"] == 2
    for stage in ("queue", "model", "policy"):
        assert found[f'tierline_stage_seconds_count{{stage="{stage}"}}'] == 4
    assert found["tierline_waiting_tickets"] == 0
    assert found["process_resident_memory_bytes"] > 1e7


def test_no_figure_has_a_word_of_a_ticket_or_a_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tierline")
    with serving(None) as client:
        client.post("/v1/route", json={"id": PLANTED, "body": f"{PLANTED} {BREACH}"})
        client.post("/v1/route", json={PLANTED: 1})
        client.get(f"/v1/locks/{PLANTED}")
        client.get(f"/{PLANTED}?{PLANTED}=1")
        client.request(PLANTED.upper(), "/v1/route")
        text = client.get("/metrics").text
    assert PLANTED not in text.lower()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    resources = {s.labels["resource"] for s in families["tierline_request_seconds"].samples}
    assert resources == {"/v1/route", "/v1/locks/{ticket:path}", "/readyz", "other"}
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert PLANTED not in "".join(lines).lower()


def test_figures_need_a_key_where_there_are_keys() -> None:
    with serving(None, "key") as client:
        assert client.get("/metrics").status_code == 401
        bearer = {"Authorization": "Bearer wrong"}
        assert client.get("/metrics", headers=bearer).status_code == 401
        assert figures(client, Authorization="Bearer key")
        assert figures(client, **{"X-API-Key": "key"})


def test_every_request_has_an_id_and_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tierline")
    lines: list[dict[str, Any]] = []
    with serving(None) as client:
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(  # type: ignore[method-assign]
            json.loads(JsonFormatter().format(record))
        )
        logging.getLogger("tierline").addHandler(handler)
        try:
            given = client.post("/v1/route", json={}, headers={"X-Request-ID": "abc-1"})
            bad = client.post("/v1/route", json={}, headers={"X-Request-ID": "two words"})
        finally:
            logging.getLogger("tierline").removeHandler(handler)
    assert given.headers["X-Request-ID"] == "abc-1"
    assert len(bad.headers["X-Request-ID"]) == 32
    line = next(line for line in lines if line.get("request_id") == "abc-1")
    assert line["message"] == "request"
    assert (line["method"], line["resource"], line["status"]) == ("POST", "/v1/route", 200)
    assert line["ms"] >= 0


def test_what_breaks_is_logged_without_its_message() -> None:
    try:
        raise ValueError(PLANTED)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "it broke", (), (type(error), error, error.__traceback__)
        )
    line = json.loads(JsonFormatter().format(record))
    assert line["error"].startswith("ValueError < ")
    assert "test_what_breaks_is_logged" in line["error"]
    plain = PlainFormatter().format(record)
    assert "it broke" in plain
    assert PLANTED not in json.dumps(line) + plain


def test_of_a_group_the_error_within_is_logged() -> None:
    def break_() -> None:
        raise KeyError(PLANTED)

    async def lanes() -> None:
        async def lane() -> None:
            break_()

        async with asyncio.TaskGroup() as group:
            group.create_task(lane())

    try:
        asyncio.run(lanes())
    except ExceptionGroup as error:
        said = JsonFormatter().formatException((type(error), error, error.__traceback__))
    assert said.startswith("KeyError < ")
    assert "break_" in said
    assert PLANTED not in said


def test_an_error_of_ours_is_answered_without_its_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logging.getLogger("tierline"), "handlers", [Lines()])

    async def fail(*args: Any) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr("tierline.serving.http.routing_api.answer", fail)
    with serving(None, live=Live(advice_only=True)) as client:
        given = {"X-Request-ID": "abc-1"}
        found = client.post("/v1/route", json={"body": CALM}, headers=given)
        assert {k: found.headers.get(k) for k in SAFE_HEADERS} == SAFE_HEADERS
        assert found.headers["X-Tierline-Advice"] == "only"
        assert found.headers["X-Request-ID"] == "abc-1"
        assert (found.status_code, set(found.json())) == (500, {"error", "details"})
        assert PLANTED not in found.text
        counted = figures(client)
    name = 'tierline_request_seconds_count{resource="/v1/route",status="500"}'
    assert counted[name] == 1
    errors = [line for line in lines if "error" in line]
    assert [line["request_id"] for line in errors] == ["abc-1"]
    assert errors[0]["error"].startswith("RuntimeError < ")


def test_every_answer_has_safe_headers() -> None:
    with serving(None) as client:
        paths = ("/v1/model", "/healthz", "/none", "/docs", "/metrics")
        answers = [client.get(path) for path in paths]
        answers.append(client.post("/v1/route", content=b"x" * 5_000_000))
        for answer in answers:
            assert {k: answer.headers.get(k) for k in SAFE_HEADERS} == SAFE_HEADERS
            policy = answer.headers.get("Content-Security-Policy", "")
            assert ("default-src 'none'" in policy) is not answer.url.path.startswith("/docs")


def test_monitor_only_answers_are_logged_and_marked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tierline")
    told: list[Any] = []

    class Notifier:
        def tell(self, *args: Any, **more: Any) -> None:
            told.append(args)

        def close(self) -> None:
            told.append("closed")

    with serving(predictor, live=Live(advice_only=True), notifier=Notifier()) as client:
        found = client.post("/v1/route", json={"id": PLANTED, "body": BREACH})
        handed = client.post("/v1/handoff", json={"ticket": {"body": BREACH}})
        assert client.get("/v1/model").json()["advice_only"]
    assert found.headers["X-Tierline-Advice"] == "only"
    assert handed.json()["notified"] == []
    assert told == ["closed"]
    advice = [vars(r)["fields"] for r in caplog.records if r.getMessage() == "advice only"]
    assert [one["tier"] for one in advice] == [3, 3]
    assert advice[0]["rules"][0] == "safety.security_breach"
    assert PLANTED not in json.dumps(advice)


def test_explanations_add_up_and_keep_secrets(client_with_words: Any) -> None:
    client, calls = client_with_words
    ticket = {"body": f"The {PLANTED} export fails, password: hunter2xyz"}
    plain = client.post("/v1/route", json=ticket).json()
    asked = len(calls)
    found = client.post("/v1/route?explain=true", json=ticket).json()
    assert len(calls) == asked + 1  # the one inference that the answer itself needs
    explained = found.pop("explanation")
    assert found.keys() == plain.keys()
    assert explained.keys() == {"severity", "issue_type", "sentiment"}
    for account in explained.values():
        total = account["bias"] + account["rest"] + sum(w["added"] for w in account["words"])
        assert total == pytest.approx(account["logit"], abs=1e-5)
    words = {w["word"] for account in explained.values() for w in account["words"]}
    assert "[…]" in words
    assert "hunter2xyz" not in json.dumps(explained)
    many = client.post("/v1/route/batch?explain=true", json={"tickets": [ticket]}).json()
    assert many["answers"][0]["explanation"] == explained
    assert "explanation" not in plain


@pytest.fixture
def client_with_words() -> Any:
    import numpy as np

    calls: list[int] = []

    def say(ticket: Any) -> Prediction:
        calls.append(1)
        bare, text = prediction(), ticket.body
        columns = [(h, name) for h, p in bare.heads.items() for name in p.probabilities]
        places = [(at, at + 1) for at in range(len(text)) if text[at] != " "]
        values = np.random.default_rng(1).normal(size=(len(places), len(columns)))
        bias = np.ones(len(columns), dtype=np.float32)
        account = Account(columns, bias, lambda: (places, values.astype(np.float32)))
        return Prediction(bare.heads, False, "fake", {}, text, account)

    with serving(lambda: predictor(say)) as client:
        yield client, calls


def test_processes_that_ended_say_nothing_of_the_present(tmp_path: Path) -> None:
    alive = tmp_path / f"gauge_livesum_{os.getpid()}.db"
    dead = tmp_path / "gauge_livesum_999999999.db"
    counter = tmp_path / "counter_999999999.db"
    for file in (alive, dead, counter):
        file.touch()
    _forget_the_dead(tmp_path)
    assert [alive.exists(), dead.exists(), counter.exists()] == [True, False, True]


def test_two_processes_may_forget_one_that_ended_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = tmp_path / "gauge_livesum_999999999.db"
    dead.touch()

    def too_late(path: str) -> None:
        assert path == str(dead)
        dead.unlink()
        raise FileNotFoundError

    with monkeypatch.context() as patch:
        patch.setattr(os, "remove", too_late)
        _forget_the_dead(tmp_path)
    assert not dead.exists()

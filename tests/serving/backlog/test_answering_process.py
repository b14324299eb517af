"""What a job sends to another process arrives as it was, and what that process answers."""

import io
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.rows import BadRow, Row
from tierline.data.ticket import CustomerTier, HandAssessment, Ticket
from tierline.models.runtime import Predictor
from tierline.models.runtime.bundle import Bundle
from tierline.serving.backlog import answering_process, wire
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.inputs import Record, Stretch
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.wire import Told
from tierline.serving.backlog.writers import answer_codec
from tierline.serving.routing.router import Router
from tierline.serving.store.versions import backlog_version
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, NOW, POLICY

texts = st.text(st.characters(codec="utf-8"), max_size=40)
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
tickets = st.builds(
    Ticket,
    id=st.none() | texts,
    subject=texts,
    body=texts,
    customer_tier=st.none() | st.sampled_from(CustomerTier),
    created_at=st.none() | st.datetimes(timezones=zones) | st.datetimes(),
    waited_minutes=st.none() | st.floats(0, 5_000_000),
    order_value=st.none() | st.floats(0, allow_infinity=False),
    attempts=st.none() | st.integers(0, 1_000_000),
    locked_by_human=st.booleans(),
    assessment=st.none() | st.builds(HandAssessment, business_risk=st.none() | st.integers(0, 3)),
)
rows = st.builds(Row, st.integers(1), tickets, extra=st.dictionaries(texts, texts, max_size=2))
records = st.builds(Record, texts, rows | st.builds(BadRow, st.integers(1), texts, texts))
stretches = st.builds(Stretch, st.integers(0), st.lists(records, max_size=5), st.floats(0, 1))


@settings(deadline=None)
@given(stretches)
def test_a_stretch_arrives_as_it_was(stretch: Stretch) -> None:
    found = wire.stretch_from(wire.stretch_bytes(stretch))
    assert found == stretch
    assert [r.row for r in found.records] == [r.row for r in stretch.records]
    assert [row.named for row in found.rows] == [row.named for row in stretch.rows]


@pytest.mark.parametrize("zone", ["00:00:30", "00:19:32"])
def test_a_time_that_json_would_cut_is_not_sent(tmp_path: Path, zone: str) -> None:
    """Before 1937 Amsterdam was 19 minutes and 32 seconds ahead."""
    odd = datetime.fromisoformat(f"1900-01-01T00:00+{zone}")
    row = Row(1, Ticket(body=CALM, created_at=odd))
    with pytest.raises(ValueError, match="seconds"):
        wire.stretch_bytes(Stretch(0, [Record("f.csv", row)], 1.0))
    with pytest.raises(ValueError, match="seconds"):
        wire.told_bytes(replace(told(tmp_path / "out.csv"), now=odd))


@settings(deadline=None)
@given(st.binary(max_size=50), st.binary(max_size=50), st.floats(0, 1), st.none() | texts)
def test_a_chunk_arrives_as_it_was(
    answers: bytes, aside: bytes, share: float, last: str | None
) -> None:
    summary = Summary(answered=3)
    summary.tiers[2] += 3
    summary.rules["entry.default"] += 1
    chunk = Chunk(4, answers, aside, summary, share, last)
    assert wire.chunk_from(wire.chunk_parts(chunk)) == chunk


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=20), max_size=3), max_size=4))
def test_messages_keep_their_parts(messages: list[list[bytes]]) -> None:
    stream = io.BytesIO()
    for parts in messages:
        wire.send(stream, *parts)
    stream.seek(0)
    assert [wire.receive(stream) for _ in messages] == messages
    with pytest.raises(EOFError):
        wire.receive(stream)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=20), st.data())
def test_half_a_message_is_none(part: bytes, data: st.DataObject) -> None:
    stream = io.BytesIO()
    wire.send(stream, part)
    cut = data.draw(st.integers(0, len(stream.getvalue()) - 1))
    with pytest.raises(EOFError):
        wire.receive(io.BytesIO(stream.getvalue()[:cut]))


class Broken(Router):
    """Fails at every ticket."""

    def route(self, *_: Any) -> Any:
        raise ZeroDivisionError


def told(out: Path, version: str = POLICY.version) -> Told:
    content = POLICY.model_dump(mode="json")
    return Told(content, None, True, NOW, str(out), (backlog_version(), version, None))


def talk(*parts: bytes) -> list[list[bytes]]:
    """Return the messages with which the other side answers."""
    asked, said = io.BytesIO(), io.BytesIO()
    for part in parts:
        wire.send(asked, part)
    asked.seek(0)
    with suppress(EOFError):
        answering_process.serve(asked, said)
    said.seek(0)
    found = []
    with suppress(EOFError):
        while True:
            found.append(wire.receive(said))
    return found


def stretch() -> Stretch:
    row = Row(1, Ticket(id="a", body=BREACH))
    return Stretch(0, [Record("f.csv", row), Record("f.csv", BadRow(2, "no words"))], 1.0)


def test_it_answers_what_it_is_asked(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    first = wire.told_bytes(told(out))
    ready, chunk = talk(first, wire.stretch_bytes(stretch()))
    assert ready == [b"ready"]
    assert wire.chunk_from(chunk) == Answering(Router(POLICY), NOW, answer_codec(out))(stretch())


def test_an_error_is_told_without_words_and_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wire.told_bytes(told(tmp_path / "out.csv"))
    monkeypatch.setattr(answering_process, "Router", Broken)
    two = replace(stretch(), records=[*stretch().records, *stretch().records])
    asked = wire.stretch_bytes(two)
    assert talk(first, asked, b"no JSON", asked) == [[b"ready"], [], [], []]


class Failing(Predictor):
    """A model that loads and then fails."""

    def predict(self, *_: Any, **__: Any) -> Any:
        raise MemoryError


def test_a_model_that_fails_there_is_asked_here(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wire.stretch_bytes(stretch())
    versions = backlog_version(), POLICY.version, Bundle.load(trained.out).manifest.version
    by = replace(told(tmp_path / "out.csv"), bundle=str(trained.out), versions=versions)
    assert len(talk(wire.told_bytes(by), asked)[1]) == 3
    monkeypatch.setattr(answering_process, "Predictor", Failing)
    assert talk(wire.told_bytes(by), asked) == [[b"ready"], []]


def test_it_runs_no_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering_process, "backlog_version", lambda: "another")
    with pytest.raises(SystemExit):
        talk(wire.told_bytes(told(tmp_path / "out.csv")))


def test_it_serves_no_other_policy(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        talk(wire.told_bytes(told(tmp_path / "out.csv", "another-0123")))

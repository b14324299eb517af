"""What is kept of a decision: enough to make it again bit for bit, and no personal data."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.labels import LABELS
from tierline.data.normalise import normalise
from tierline.data.ticket import CustomerTier, Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.store import remembered
from tierline.serving.store.decisions import sealed
from tierline.serving.store.pseudonyms import Pseudonyms
from tierline.serving.store.remembered import Remembered, as_json, recommend_again
from tierline.serving.store.versions import code_version, rules_version

from ..fakes import BREACH, LOSS, NOW, POLICY, default_dict, explained, policy_with, prediction
from .making import PERSONAL, decided, ticket


def row_of(
    of: Ticket,
    said: Prediction | None = None,
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> dict[str, Any]:
    """The stored row, through JSON as on its way to a database."""
    found = Remembered.of(decided(of, said, policy, now), policy, now)
    row: dict[str, Any] = json.loads(json.dumps(found.items[-1], allow_nan=False))
    return row


def again(row: dict[str, Any], said: Prediction | None, policy: Policy = POLICY) -> dict[str, Any]:
    return as_json(recommend_again(row, policy, dict(said.thresholds) if said else {}))


def test_the_stage_that_answered_is_kept() -> None:
    said = replace(prediction(), stage="ngrams")
    row = row_of(ticket(), said)
    assert (row["prediction"]["stage"], "stage" in row["recommendation"]) == ("ngrams", False)
    assert recommend_again(row, POLICY, {}).stage == "ngrams"
    del row["prediction"]["stage"]  # as records of before have it
    assert recommend_again(row, POLICY, {}).stage == "encoder"


PHRASES = (
    LOSS, BREACH, PERSONAL, "<p>by tonight &amp; soon</p>", "Dear Tom,", "> on Monday you wrote:",
    "password: hunter2", "ﷺ" * 40, "\x00", "thanks\n-- \nAnn Miller",
    "IBAN CH93 0076 2011 6238 5295 7",
)  # fmt: skip
texts = st.lists(st.sampled_from(PHRASES) | st.text(max_size=30), max_size=5).map(" ".join)
times = st.datetimes(
    datetime(2020, 1, 1),
    datetime(2030, 1, 1),
    timezones=st.timezones() | st.just(UTC),
    allow_imaginary=False,
)
tickets = st.builds(
    Ticket,
    id=st.none() | st.text(max_size=20),
    customer=st.none() | st.text(max_size=20),
    subject=texts,
    body=texts,
    channel=st.none() | st.sampled_from(["social", "email", "jo@example.com"]),
    customer_tier=st.none() | st.sampled_from(CustomerTier),
    created_at=st.none() | times,
    waited_minutes=st.none() | st.floats(0, 5_000_000),
    attempts=st.none() | st.integers(0, 9),
    order_value=st.none() | st.floats(0, allow_infinity=False, allow_nan=False),
    current_tier=st.none() | st.integers(1, 4),
    locked_by_human=st.booleans(),
)
predictions = st.none() | st.builds(
    prediction,
    *(st.sampled_from(LABELS[head]) for head in ("severity", "issue_type", "sentiment")),
    confidence=st.floats(0.3, 1.0),
    truncated=st.booleans(),
    thresholds=st.fixed_dictionaries(
        {},
        optional={
            "safety.data_loss": st.floats(0, 1),
            "caution.p1": st.floats(0, 1),
            "ambiguous": st.floats(0, 1),
            "low_confidence.severity": st.floats(0, 1),
            "out_of_distribution": st.floats(-5, 5),
        },
    ),
).map(lambda said: replace(said, scores={"out_of_distribution": 0.5, "other": math.inf}))


@settings(max_examples=60, deadline=None)
@given(tickets, predictions, times)
def test_a_decision_is_made_again_bit_for_bit_or_known_not_to_be(
    of: Ticket, said: Prediction | None, now: datetime
) -> None:
    row = row_of(of, said, now=now)
    same = again(row, said) == row["recommendation"]
    assert same == row["replays"]
    fixed = all(t is None or t.tzinfo is UTC for t in (of.created_at, now))
    if not row["taken_out"] and fixed:
        assert same


def test_words_that_nothing_is_taken_out_of_are_the_very_words() -> None:
    row = row_of(ticket("The export  fails", subject="Export"), prediction())
    assert (row["subject"], row["body"], row["taken_out"]) == ("Export", "The export fails", [])
    assert row["replays"]


def test_personal_data_is_taken_out_and_said() -> None:
    of = ticket(f"{LOSS}, {PERSONAL}", subject="Call me", channel="jo@example.com")
    row = row_of(of, prediction())
    assert row["taken_out"] == ["body", "channel"]
    assert "7654321" not in json.dumps(row)
    assert "example" not in json.dumps(row)
    assert row["context"]["channel"] == "[email]"
    assert row["replays"]


def test_what_only_subject_and_body_together_give_away_is_taken_out(
    planted: list[dict[str, Any]],
) -> None:
    for one in planted:
        lines = one["text"].split("\n", 1)
        of = ticket(lines[-1], subject=lines[0][:2000] if len(lines) > 1 else "")
        row = row_of(of)
        # These are no words, and by chance hold a secret of three digits.
        UUID(row.pop("id"))
        datetime.fromisoformat(row.pop("recorded_at"))
        assert re.fullmatch(r"[0-9a-f]{64}", row.pop("inputs_hash"))
        assert row.pop("rules_version") == rules_version()
        assert row.pop("code_version") == code_version()
        stored = json.dumps(row, ensure_ascii=False)
        found = [secret for secret in one["secrets"] if normalise(secret) in stored]
        assert not found


def test_a_safety_hit_survives_redaction() -> None:
    # The words that fired the rule stand on the redacted place itself.
    of = ticket("hacker got in with password: hunter2 and changed our account")
    row = row_of(of)
    assert row["taken_out"] == ["body"]
    assert again(row, None) == row["recommendation"]


def test_words_of_the_models_suspicion_are_told_again() -> None:
    text = "strange things happen to our files"
    said = replace(explained(text, "files", "data_loss"), thresholds={"safety.data_loss": 0.5})
    row = row_of(ticket(text), said)
    reasons = {r["rule"]: r["evidence"] for r in row["recommendation"]["reasons"]}
    assert reasons["safety.model.data_loss"] == ["files"]
    assert again(row, said) == row["recommendation"]


def test_where_redaction_took_what_mattered_the_record_says_so() -> None:
    triggers = default_dict()["triggers"]
    phrase = {"id": "own.vip", "text": "a VIP", "when": {"phrases": ["jo@example.com"]}}
    policy = policy_with(triggers=[*triggers, phrase | {"raise_by": 1}])
    row = row_of(ticket("please call, jo@example.com"), prediction(), policy)
    assert not row["replays"]


def test_other_safety_rules_can_only_add(monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(ticket(BREACH))
    monkeypatch.setattr(remembered, "rules_version", lambda: "rules-of-tomorrow")
    monkeypatch.setattr(safety, "check", lambda _: ())
    assert again(row, None) == row["recommendation"]
    more = safety.SafetyHit(safety.DATA_LOSS, "gone")
    monkeypatch.setattr(safety, "check", lambda _: (more,))
    rules = [reason["rule"] for reason in again(row, None)["reasons"]]
    assert rules[:2] == [safety.DATA_LOSS, safety.SECURITY_BREACH]


def test_known_hits_raise_and_never_replace_what_the_words_say() -> None:
    known = (safety.SafetyHit(safety.SECURITY_BREACH, "hacked"),)
    found = recommend(ticket(LOSS), None, POLICY, NOW, known_hits=known)
    assert found.tier == 3
    assert [r.rule for r in found.reasons[:2]] == [safety.DATA_LOSS, safety.SECURITY_BREACH]


def test_a_zone_by_name_is_tried_when_it_is_written() -> None:
    # 8 hours on the wall from before the change of clocks are 7 in truth.
    before = datetime(2025, 3, 29, 22, tzinfo=ZoneInfo("Europe/Berlin"))
    row = row_of(ticket(created_at=before), prediction(), now=before + timedelta(hours=1))
    assert row["replays"] == (again(row, prediction()) == row["recommendation"])


def test_ids_are_hashed_apart_and_with_the_key() -> None:
    one, other = Pseudonyms(b"k" * 32), Pseudonyms(b"j" * 32)
    item = {"kind": "decisions", "ticket_id": "T-1", "customer": "T-1"}
    found = sealed(item, one)
    assert found.keys() == {"kind", "ticket_key", "customer_key"}
    assert len({found["ticket_key"], found["customer_key"], other.ticket("T-1")}) == 3
    assert sealed(item, None) == item
    assert "kkk" not in repr(one)

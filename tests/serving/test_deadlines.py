"""When an answer is due, and when the clock next changes one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tierline.data.ticket import CustomerTier

from .fakes import (
    LOSS,
    NOW,
    answer,
    policy_with,
    prediction,
)

TICK = timedelta.resolution


@pytest.mark.parametrize(
    ("severity", "minutes"), [("P1", 15), ("P2", 120), ("P3", 480), ("P4", 2880)]
)
def test_the_deadline_follows_the_severity(severity: str, minutes: int) -> None:
    limit = timedelta(minutes=minutes)
    filed = NOW - timedelta(hours=1)
    assert answer(prediction(severity)).respond_by == NOW + limit
    assert answer(prediction(severity), waited_minutes=60).respond_by == filed + limit
    assert answer(prediction(severity), created_at=filed).respond_by == filed + limit
    both = answer(prediction(severity), created_at=filed, waited_minutes=999)
    assert both.respond_by == filed + limit


@pytest.mark.parametrize(("severity", "minutes"), [("P1", 15), ("P2", 120), ("P4", 120)])
def test_incidents_are_answered_as_p2_at_the_slowest(severity: str, minutes: int) -> None:
    found = answer(prediction(severity), body=LOSS)
    assert found.respond_by == NOW + timedelta(minutes=minutes)


def test_deadlines_are_in_utc() -> None:
    filed = datetime(2025, 3, 10, 12, tzinfo=timezone(timedelta(hours=5)))
    found = answer(prediction(), created_at=filed).respond_by
    assert (found, found.tzinfo) == (filed + timedelta(hours=8), UTC)


@pytest.mark.parametrize(
    "filed", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "0001-01-01"]
)
def test_dates_at_the_end_of_time_break_nothing(filed: str) -> None:
    found = answer(prediction(), customer_tier="enterprise", created_at=filed)
    assert found.respond_by.tzinfo is UTC
    assert found.as_row()["respond_by"]


def test_the_next_review_is_when_the_wait_gets_too_long() -> None:
    filed = NOW - timedelta(minutes=30)
    due = filed + timedelta(hours=2) + TICK
    found = answer(prediction(), customer_tier="enterprise", created_at=filed)
    assert found.next_review_at == due
    same = answer(prediction(), now=due - TICK, customer_tier="enterprise", created_at=filed)
    assert (same.tier, same.next_review_at) == (1, due)
    later = answer(prediction(), now=due, customer_tier="enterprise", created_at=filed)
    assert (later.tier, later.next_review_at) == (2, filed + timedelta(hours=8) + TICK)


def test_the_next_review_counts_from_the_wait_that_is_given() -> None:
    found = answer(prediction(), customer_tier="enterprise", waited_minutes=90)
    assert found.next_review_at == NOW + timedelta(minutes=30) + TICK


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"customer_tier": "enterprise"},
        {"customer_tier": "smb", "waited_minutes": 481},
        {"customer_tier": "enterprise", "created_at": NOW - timedelta(hours=9)},
    ],
)
def test_no_review_where_the_clock_changes_nothing(fields: dict[str, Any]) -> None:
    assert answer(prediction(), **fields).next_review_at is None


def test_the_earliest_review_comes_first() -> None:
    own = policy_with(
        triggers=[
            {"id": f"trigger.w{n}", "text": "x", "when": {"waited_over": f"{n}h"}, "raise_to": 2}
            for n in (5, 3, 4)
        ]
    )
    found = answer(prediction(), own, waited_minutes=0)
    assert found.next_review_at == NOW + timedelta(hours=3) + TICK
    found = answer(prediction(), own, waited_minutes=181)
    assert found.next_review_at == NOW + timedelta(minutes=59) + TICK


def test_entry_rules_may_wait_too() -> None:
    late = {"id": "entry.late", "text": "x", "when": {"waited_over": "1h"}, "path": [2]}
    rest = {"id": "entry.rest", "text": "x", "path": [1]}
    own = policy_with(entry=[late, rest], triggers=[])
    due = NOW + timedelta(minutes=30) + TICK
    filed = NOW - timedelta(minutes=30)
    found = answer(prediction(), own, created_at=filed)
    assert (found.tier, found.next_review_at) == (1, due)
    later = answer(prediction(), own, now=due, created_at=filed)
    assert (later.tier, later.next_review_at) == (2, filed + timedelta(hours=8) + TICK)


def test_entry_rules_below_the_one_that_holds_change_only_what_would_change() -> None:
    first = {"id": "entry.first", "text": "x", "when": {"severity": ["P3"]}, "path": [1]}
    late = {"id": "entry.late", "text": "x", "when": {"waited_over": "1h"}, "path": [2]}
    rest = {"id": "entry.rest", "text": "x", "path": [1]}
    own = policy_with(entry=[first, late, rest], triggers=[])
    filed = NOW - timedelta(minutes=1)
    found = answer(prediction("P3"), own, created_at=filed)
    assert found.next_review_at == filed + timedelta(hours=1) + TICK
    later = answer(prediction("P3"), own, now=found.next_review_at, created_at=filed)
    assert (found.tier, later.tier) == (1, 1)
    assert "tier 2 if it is P2" in {change.text for change in later.would_change}
    assert "tier 2 if it is P2" not in {change.text for change in found.would_change}


def test_a_ticket_from_the_future_has_not_waited() -> None:
    filed = NOW + timedelta(days=1)
    found = answer(prediction(), customer_tier="enterprise", created_at=filed)
    assert found.tier == 1
    assert found.next_review_at == filed - timedelta(minutes=5)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        answer(None, now=NOW.replace(tzinfo=None))


def test_the_clocks_zone_does_not_matter() -> None:
    other = NOW.astimezone(timezone(timedelta(hours=-9)))
    fields: dict[str, Any] = {"customer_tier": CustomerTier.ENTERPRISE, "waited_minutes": 3}
    assert answer(prediction(), now=other, **fields) == answer(prediction(), **fields)

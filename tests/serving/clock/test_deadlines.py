"""Deadlines in the hours of the team's calendar, else its tier's; what has run out; bad clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.serving.clock.shown import instant_text
from tierline.serving.commands.route_view import show
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Recommendation

from ..fakes import BREACH, CALM, LOSS, NOW, POLICY, answer, default_dict, prediction, rules
from .hours import TICK, WEEK

HOUR = timedelta(hours=1)
FRIDAY = datetime(2025, 3, 14, 15, 30, tzinfo=UTC)  # 16:30 in Berlin
MONDAY = datetime(2025, 3, 17, 8, tzinfo=UTC)


def in_office(on_call: str | None = "rota") -> Policy:
    """The default policy, every tier in the office only."""
    changed: dict[str, Any] = default_dict()
    changed["calendars"]["office"] = {"time_zone": "Europe/Berlin", "hours": WEEK}
    if on_call:
        changed["calendars"]["office"]["on_call"] = on_call
    for tier in changed["tiers"].values():
        tier["calendar"] = "office"
    return Policy.model_validate(changed)


OFFICE = in_office()


def due(found: Recommendation) -> tuple[datetime, datetime]:
    return found.respond_by, found.resolve_by


@pytest.mark.parametrize(
    ("severity", "issue_type", "respond", "resolve"),
    [
        ("P1", "outage", HOUR / 4, 24 * HOUR),
        ("P2", "how_to", 2 * HOUR, 4 * HOUR),
        ("P4", "feature_request", 48 * HOUR, 48 * HOUR),
        # Nothing is to be resolved before it is to be answered.
        ("P3", "how_to", 8 * HOUR, 8 * HOUR),
        ("P3", "bug", 8 * HOUR, 8 * HOUR),
    ],
)
def test_by_default_times_run_around_the_clock(
    severity: str, issue_type: str, respond: timedelta, resolve: timedelta
) -> None:
    found = answer(prediction(severity, issue_type), created_at=FRIDAY, now=FRIDAY)
    assert due(found) == (FRIDAY + respond, FRIDAY + resolve)


def test_times_count_in_the_tiers_hours() -> None:
    found = answer(prediction("P2"), OFFICE, created_at=FRIDAY, now=FRIDAY)
    assert due(found) == (MONDAY + 1.5 * HOUR, MONDAY + 3.5 * HOUR)
    waited = answer(prediction("P2"), OFFICE, waited_minutes=90, now=MONDAY + HOUR)
    # Half an hour of the wait was before nine.
    assert waited.respond_by == MONDAY + 2 * HOUR


@pytest.mark.parametrize(
    ("severity", "issue_type", "body", "respond"),
    [
        ("P1", "outage", CALM, HOUR / 4),
        ("P4", "how_to", LOSS, 2 * HOUR),
        ("P4", "how_to", BREACH, 2 * HOUR),
        ("P3", "security_breach", CALM, 2 * HOUR),
    ],
)
def test_p1_data_loss_and_breaches_run_around_the_clock(
    severity: str, issue_type: str, body: str, respond: timedelta
) -> None:
    said = prediction(severity, issue_type)
    found = answer(said, OFFICE, created_at=FRIDAY, now=FRIDAY, body=body)
    assert due(found) == (FRIDAY + respond, FRIDAY + 24 * HOUR)


def test_the_fallback_severity_counts_where_there_is_none() -> None:
    changed = OFFICE.model_dump(mode="json") | {"fallback": {"tier": 1, "severity": "P1"}}
    found = answer(None, Policy.model_validate(changed), created_at=FRIDAY, now=FRIDAY)
    assert due(found) == (FRIDAY + HOUR / 4, FRIDAY + HOUR)


def test_who_is_on_call_is_told_of_what_can_not_wait_while_it_is_closed() -> None:
    closed, opened = MONDAY - TICK, MONDAY
    at_night = answer(prediction("P1"), OFFICE, now=closed, created_at=closed)
    assert (at_night.tier, at_night.notify) == (3, ("rota",))
    reason = at_night.reasons[-1]
    assert (reason.rule, reason.evidence) == (
        "clock.on_call", ("opens: 2025-03-17 09:00 Europe/Berlin",)
    )  # fmt: skip
    assert "rota takes it" in reason.text
    by_day = answer(prediction("P1"), OFFICE, now=opened, created_at=closed)
    assert (rules(by_day), by_day.notify) == (["entry.p1"], ())
    calm = answer(prediction("P3"), OFFICE, now=closed, created_at=closed)
    assert (rules(calm), calm.notify) == (["entry.owner"], ())


def test_where_nobody_is_on_call_the_answer_says_so() -> None:
    found = answer(prediction("P4"), in_office(None), body=LOSS, now=FRIDAY + 24 * HOUR)
    assert rules(found)[-1] == "clock.no_cover"
    assert found.notify == ("on_call",)


def test_what_has_run_out_is_said_with_how_long() -> None:
    def at(now: datetime) -> Recommendation:
        return answer(prediction("P2"), now=now, created_at=NOW)

    assert [r for r in rules(at(NOW + 2 * HOUR)) if r.startswith("clock.")] == []
    first = at(NOW + 2 * HOUR + TICK)
    assert (rules(first)[-1], first.reasons[-1].evidence) == (
        "clock.respond_overdue", ("over: 0 h 00 min",)
    )  # fmt: skip
    both = at(NOW + timedelta(hours=30, minutes=5))
    assert [(r.rule, r.evidence) for r in both.reasons[-2:]] == [
        ("clock.respond_overdue", ("over: 28 h 05 min",)),
        ("clock.resolve_overdue", ("over: 26 h 05 min",)),
    ]
    assert both.tier == first.tier == at(NOW).tier == 2
    assert due(both) == due(at(NOW))


def test_a_ticket_without_any_date_counts_from_now() -> None:
    found = answer(prediction("P2"), OFFICE, now=FRIDAY)
    assert due(found) == (MONDAY + 1.5 * HOUR, MONDAY + 3.5 * HOUR)
    assert (rules(found), found.next_review_at) == (["entry.p2"], None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5) + TICK, timedelta(days=9), None])
def test_a_date_in_the_future_puts_nothing_off(ahead: timedelta | None) -> None:
    filed = NOW + ahead if ahead else datetime(9999, 12, 31, tzinfo=UTC)
    found = answer(prediction("P1"), created_at=filed)
    assert due(found) == (NOW + HOUR / 4, NOW + 24 * HOUR)
    reason = found.reasons[-1]
    assert (reason.rule, reason.evidence) == (
        "clock.filed_in_future", (f"created_at: {filed.isoformat()}",)
    )  # fmt: skip
    assert found.next_review_at == filed - timedelta(minutes=5)
    waited = answer(prediction("P1"), created_at=filed, waited_minutes=10)
    assert waited.respond_by == NOW + HOUR / 12
    assert rules(waited) == rules(found)


def test_clocks_may_differ_by_five_minutes() -> None:
    filed = NOW + timedelta(minutes=5)
    found = answer(prediction("P1"), created_at=filed)
    assert (rules(found), found.respond_by) == (["entry.p1"], filed + HOUR / 4)


def test_a_ticket_of_the_year_1_is_overdue_in_every_calendar() -> None:
    for policy in (OFFICE, POLICY):
        filed = "0001-01-01T00:00:00+14:00"
        found = answer(prediction(), policy, created_at=filed)
        assert "clock.resolve_overdue" in rules(found)
        assert found.next_review_at is None


@pytest.mark.parametrize("now", [datetime.min, datetime.max])
@pytest.mark.parametrize("fields", [{}, {"waited_minutes": 5e6}, {"created_at": NOW}])
def test_a_clock_at_the_ends_of_time_is_answered(now: datetime, fields: dict[str, Any]) -> None:
    for severity in Severity:
        found = answer(prediction(severity), OFFICE, now=now.replace(tzinfo=UTC), **fields)
        assert found.respond_by <= found.resolve_by


def test_both_deadlines_are_shown_in_the_calendars_zone() -> None:
    found = answer(prediction("P2"), OFFICE, created_at=FRIDAY, now=FRIDAY)
    console = Console(width=200, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        show(Ticket(body=CALM), found, OFFICE, console)
    said = capture.get()
    assert "respond by 2025-03-17 10:30 Europe/Berlin   resolve by 2025-03-17 12:30" in said
    # A moment after 10:30, rounded up to the minute.
    assert "ask again at 2025-03-17 10:31 Europe/Berlin" in said


def test_instants_are_shown_where_zones_end() -> None:
    assert instant_text(datetime(7, 1, 2, 3, 4, tzinfo=UTC)) == "0007-01-02 03:04 UTC"
    last = datetime.max.replace(tzinfo=UTC)
    assert instant_text(last, OFFICE.calendars["office"].zone) == "9999-12-31 23:59 UTC"

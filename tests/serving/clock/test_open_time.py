"""Open time: what the wall clock shows, daylight saving, holidays, the ends of the calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.serving.clock.open_time import (
    BEGINNING,
    MAX_YEARS,
    NEVER,
    Calendars,
    deadline,
    is_open,
    next_change,
    next_closing,
    next_opening,
    open_between,
)
from tierline.serving.clock.open_year import open_year
from tierline.serving.clock.spans import closed_spans
from tierline.serving.policy.calendars import DAYS

from .hours import BERLIN, OFFICE, TICK, WEEK, calendar, shows_open

PROFILE = settings(max_examples=60, derandomize=True, deadline=None)
HOUR = timedelta(hours=1)
EVERY_DAY = {day: ["00:00-24:00"] for day in DAYS}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def daily(zone: str, *ranges: str) -> Calendars:
    return (calendar(time_zone=zone, hours={day: list(ranges) for day in DAYS}),)


#: Zones that change by night, at midnight, by half an hour, not at all; and one that lost a day.
ZONES = ("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata",
         "Pacific/Apia", "America/New_York", "UTC")  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn) -> Calendars:
    def one() -> Any:
        minutes = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)
        hours = {
            day: [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]
            for day in draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True))
            if (edges := draw(minutes)) and (pairs := [*zip(edges[::2], edges[1::2], strict=False)])
        }
        return calendar(
            time_zone=draw(st.sampled_from(ZONES)),
            hours=hours,
            holidays=draw(st.sampled_from([[], ["DE-BE"], ["US"]])),
            closed=draw(st.sampled_from([[], ["12-31"]])),
            holiday_hours=draw(st.sampled_from([[], ["10:00-14:00"]])),
        )

    return tuple(one() for _ in range(draw(st.integers(1, 2))))


# Few years, so that every calendar is built for few.
instants = st.datetimes(datetime(2011, 10, 1), datetime(2012, 12, 31), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(0), timedelta(hours=300))


@PROFILE
@given(calendars(), instants)
def test_it_is_open_when_the_wall_clock_shows_its_hours(hours: Calendars, when: datetime) -> None:
    assert is_open(hours, when) == shows_open(hours, when)
    turn = next_change(hours, when)
    assert turn is not None
    assert turn > when
    assert shows_open(hours, turn) != shows_open(hours, when)
    assert shows_open(hours, turn - TICK) == shows_open(hours, when)


@PROFILE
@given(calendars(), instants, spans.filter(bool))
def test_a_deadline_is_the_first_instant_with_enough_open_time(
    hours: Calendars, when: datetime, within: timedelta
) -> None:
    due = deadline(hours, when, within)
    assert open_between(hours, when, due) == within
    assert open_between(hours, when, due - TICK) < within
    assert is_open(hours, due - TICK)


@PROFILE
@given(calendars(), instants, spans, spans)
def test_open_time_adds_up(
    hours: Calendars, when: datetime, one: timedelta, other: timedelta
) -> None:
    middle, end = when + one, when + one + other
    both = open_between(hours, when, middle) + open_between(hours, middle, end)
    assert open_between(hours, when, end) == both
    closed = sum((b - a for a, b in closed_spans(hours, when, end)), timedelta(0))
    assert both + closed == one + other
    assert deadline(hours, deadline(hours, when, one), other) == deadline(hours, when, one + other)


def test_time_stands_still_over_night_and_over_the_weekend() -> None:
    friday = at("2025-03-14T16:30+01:00")
    assert deadline(OFFICE, friday, 2 * HOUR) == at("2025-03-17T10:30+01:00")
    assert deadline(OFFICE, friday, HOUR / 2) == at("2025-03-14T17:00+01:00")
    assert deadline(OFFICE, at("2025-03-15T12:00+01:00"), HOUR) == at("2025-03-17T10:00+01:00")
    assert open_between(OFFICE, friday, at("2025-03-17T10:30+01:00")) == 2 * HOUR
    assert open_between(OFFICE, at("2025-03-17T10:30+01:00"), friday) == timedelta(0)


def test_it_closes_at_the_end_of_its_hours_not_after() -> None:
    closing = at("2025-03-14T17:00+01:00")
    assert is_open(OFFICE, closing - TICK)
    assert not is_open(OFFICE, closing)
    assert next_closing(OFFICE, closing - TICK) == closing
    opening = at("2025-03-17T09:00+01:00")
    assert next_opening(OFFICE, closing) == next_change(OFFICE, closing) == opening
    assert next_opening(OFFICE, opening + HOUR) == opening + HOUR
    assert next_closing(OFFICE, closing) == at("2025-03-17T17:00+01:00")


def test_hours_follow_the_local_clock_into_summer() -> None:
    # Berlin goes to summer time on Sunday 2025-03-30: nine o'clock comes an hour earlier in UTC.
    assert deadline(OFFICE, at("2025-03-28T16:00Z"), HOUR) == at("2025-03-31T08:00Z")
    assert deadline(OFFICE, at("2025-10-24T15:00Z"), HOUR) == at("2025-10-27T09:00Z")


def test_an_hour_that_the_clock_skips_is_lost_and_one_that_comes_twice_counts_twice() -> None:
    night = daily("Europe/Berlin", "01:00-04:00")
    spring, autumn = at("2025-03-30T00:00+01:00"), at("2025-10-26T00:00+02:00")
    day = timedelta(hours=20)
    assert open_between(night, spring, spring + day) == 2 * HOUR
    assert open_between(night, autumn, autumn + day) == 4 * HOUR
    gone = daily("Europe/Berlin", "02:00-03:00")
    assert open_between(gone, spring, spring + day) == timedelta(0)
    assert open_between(gone, autumn, autumn + day) == 2 * HOUR


def test_hours_that_end_within_the_hour_that_comes_twice_open_twice() -> None:
    late = daily("Europe/Berlin", "01:00-02:30")
    first, again = at("2025-10-26T02:30+02:00"), at("2025-10-26T02:00+01:00")
    assert next_closing(late, at("2025-10-26T01:00+02:00")) == first
    assert next_opening(late, first) == again
    assert next_closing(late, again) == again + HOUR / 2


def test_a_day_that_a_zone_never_had_has_no_hours() -> None:
    # Samoa went from 29 to 31 December 2011.
    samoa = daily("Pacific/Apia", "09:00-17:00")
    assert deadline(samoa, at("2011-12-29T17:00-10:00"), HOUR) == at("2011-12-31T10:00+14:00")


def test_the_leap_day_is_a_day() -> None:
    start = at("2024-02-28T16:00+01:00")
    assert deadline(OFFICE, start, 2 * HOUR) == at("2024-02-29T10:00+01:00")
    assert deadline(OFFICE, at("2023-02-28T16:00+01:00"), 2 * HOUR) == at("2023-03-01T10:00+01:00")
    off = (calendar(hours=EVERY_DAY, closed=["02-29"]),)
    assert not is_open(off, at("2024-02-29T12:00Z"))
    assert is_open(off, at("2023-03-01T12:00Z"))
    assert open_between(off, at("2024-01-01T00:00Z"), at("2025-01-01T00:00Z")).days == 365


def test_nobody_is_there_on_holidays_and_days_of_ones_own() -> None:
    # 8 March is a holiday in Berlin only, 25 and 26 December are everywhere.
    assert not BERLIN.hours_on(date(2024, 3, 8))
    assert calendar(hours=WEEK, holidays="DE").hours_on(date(2024, 3, 8))
    assert not any(BERLIN.hours_on(date(2024, 12, day)) for day in (24, 25, 26))
    assert deadline(OFFICE, at("2024-12-23T16:00+01:00"), 2 * HOUR) == at("2024-12-27T10:00+01:00")
    once = (calendar(hours=EVERY_DAY, closed=["2024-03-08"], holiday_hours=["10:00-12:00"]),)
    assert [is_open(once, at(f"2024-03-08T{h}:00Z")) for h in ("09", "10", "12")] == [
        False, True, False,
    ]  # fmt: skip
    assert is_open(once, at("2025-03-08T09:00Z"))


@pytest.mark.parametrize("year", [1, 2, 1583, 1800, 2500, 9998, 9999])
@pytest.mark.parametrize("code", ["DE-BE", "US", "IN"])
def test_years_without_known_holidays_have_hours(year: int, code: str) -> None:
    cal = (calendar(time_zone="Europe/Berlin", hours=EVERY_DAY, holidays=code),)
    assert open_year(cal, year).total > timedelta(days=363)


def test_it_stays_open_over_new_year() -> None:
    week = (calendar(time_zone="UTC", hours={d: h for d, h in EVERY_DAY.items() if d != "monday"}),)
    assert next_change(week, at("2024-12-31T12:00Z")) == at("2025-01-06T00:00Z")
    assert next_change((calendar(hours=EVERY_DAY),), at("2024-12-31T12:00Z")) is None


@pytest.mark.parametrize("start", [BEGINNING, NEVER, at("0001-01-01T00:00+14:00"),
                                   at("9999-12-31T23:59-14:00")])  # fmt: skip
def test_the_ends_of_the_calendar_break_nothing(start: datetime) -> None:
    for hours in (OFFICE, (calendar(always=True),)):
        due = deadline(hours, start, HOUR)
        assert due.tzinfo is UTC
        assert due == NEVER if start.year == 9999 else due.year == 1
        assert open_between(hours, start, start + timedelta(0)) == timedelta(0)
        assert next_change(hours, start) is None or start.year == 1


def test_a_search_ends_after_a_hundred_years() -> None:
    rare = (calendar(hours={"monday": ["00:00-00:01"]}, closed=["01-01"]),)
    start = at("2025-01-01T00:00Z")
    assert deadline(rare, start, timedelta(days=3650)) == NEVER
    assert deadline(rare, start, timedelta(minutes=52 * (MAX_YEARS - 1))) < NEVER
    counted = open_between(rare, BEGINNING, start)
    assert counted == open_between(rare, at("1925-01-01T00:00Z"), start)


def test_one_calendar_covers_for_another() -> None:
    west = calendar(time_zone="America/New_York", hours=WEEK)
    both = (BERLIN, west)
    assert is_open(both, at("2025-03-14T20:30Z"))
    assert next_change(both, at("2025-03-14T08:00Z")) == at("2025-03-14T21:00Z")
    assert (calendar(always=True), west)[0].always
    assert is_open((west, calendar(always=True)), at("2025-03-15T03:00Z"))


def test_a_year_is_found_once_for_all_tickets() -> None:
    before = open_year.cache_info().misses
    for minute in range(2000):
        deadline(OFFICE, at("2031-03-03T09:00Z") + timedelta(minutes=minute), 8 * HOUR)
    assert open_year.cache_info().misses - before <= 1

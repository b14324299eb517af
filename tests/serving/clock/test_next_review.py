"""Stepping the clock: the answer changes at its next review, and not a microsecond before."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation

from ..fakes import LOSS, MODEL, NOW, answer, policy_with, prediction, rules
from ..test_recommend_properties import policies, predictions
from ..test_recommend_properties import tickets as any_tickets
from .hours import TICK, WEEK
from .test_deadlines import FRIDAY, MONDAY, OFFICE

PROFILE = settings(max_examples=60, derandomize=True, deadline=None)
CALENDARS: Mapping[str, Any] = {
    "always": {"always": True},
    "office": {"time_zone": "Europe/Berlin", "hours": WEEK, "holidays": "DE-BE", "on_call": "x"},
    "nobody": {"time_zone": "America/New_York", "hours": {"sunday": ["01:00-03:00"]}},
    "both": {"cover": ["office", "nobody"], "on_call": "y"},
}
#: As everywhere: these move with the clock, and the answer's documentation says so.
MOVING = re.compile(r"(waited|over): \d+ h \d\d min")


@st.composite
def with_calendars(draw: st.DrawFn) -> Policy:
    changed: dict[str, Any] = draw(policies()).model_dump(mode="json")
    changed["calendars"] = CALENDARS
    for tier in changed["tiers"].values():
        tier["calendar"] = draw(st.sampled_from([*CALENDARS]))
    names = [*changed["teams"]]
    for place, team in enumerate(changed["teams"].values(), 1):
        # Who covers comes later in the policy, so that covers don't go round in a circle.
        team["calendar"] = draw(st.sampled_from([None, None, *CALENDARS]))
        team["cover"] = draw(st.sampled_from([None, None, *names[place:]]))
        team["overflow_to"] = draw(st.sampled_from([[], [], *([name] for name in names[place:])]))
        team["limit"] = 1 if team["overflow_to"] else None
    # The last owner takes the rest.
    excluded = draw(st.lists(st.sampled_from(names[:-2]), max_size=2, unique=True))
    changed["exclusions"] = [{"to_team": name, "channel": "social"} for name in excluded]
    return Policy.model_validate(changed)


# A wait in whole seconds, so that it and what is added to it can be written in minutes.
waits = st.none() | st.integers(0, 600_000).map(lambda seconds: seconds / 60)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    created = draw(st.none() | st.timedeltas(timedelta(days=-9), timedelta(days=2)))
    changed = {
        "created_at": None if created is None else NOW + created,
        "waited_minutes": draw(waits),
    }
    return draw(any_tickets()).model_copy(update=changed)


# March, with the change to summer time; October, with the change back; the turn of the year.
clocks = st.one_of(
    st.timedeltas(timedelta(days=-2), timedelta(days=21)).map(lambda step: NOW + step),
    st.datetimes(datetime(2025, 10, 24), datetime(2025, 10, 28), timezones=st.just(UTC)),
    st.datetimes(datetime(2024, 12, 23), datetime(2025, 1, 3), timezones=st.just(UTC)),
)


def later(ticket: Ticket, by: timedelta) -> Ticket:
    """The same ticket, described so much later: a wait that is given has grown."""
    if ticket.waited_minutes is None:
        return ticket
    seconds = timedelta(minutes=ticket.waited_minutes) + by
    return ticket.model_copy(update={"waited_minutes": seconds / timedelta(minutes=1)})


def essence(found: Recommendation, ticket: Ticket, now: datetime) -> dict[str, Any]:
    """All of an answer but what is documented as moving."""
    fields = found.model_dump(exclude={"next_review_at"})
    for reason in fields["reasons"]:
        reason["evidence"] = [MOVING.sub(r"\1", words) for words in reason["evidence"]]
    created = ticket.created_at
    dated = created is not None and created - now <= timedelta(minutes=5)
    if ticket.waited_minutes is None and not dated:
        del fields["respond_by"], fields["resolve_by"]
    return fields


@PROFILE
@given(tickets(), predictions, with_calendars(), clocks,
       st.lists(st.floats(0, 1, exclude_max=True), max_size=3))  # fmt: skip
def test_the_answer_changes_at_the_next_review_and_not_before(
    ticket: Ticket, said: Prediction | None, policy: Policy, now: datetime, shares: list[float]
) -> None:
    def at(when: datetime) -> dict[str, Any]:
        asked = later(ticket, when - now)
        return essence(recommend(asked, said, policy, when), ticket, when)

    found = recommend(ticket, said, policy, now)
    review = found.next_review_at
    end = now + timedelta(days=3650) if review is None else review
    if review is not None:
        assert review > now
        assert at(review) != at(now)
    for when in (end - TICK, *(now + (end - now) * share for share in shares)):
        if when < end:
            assert at(when) == at(now)


def chain(ticket: dict[str, Any], policy: Policy, now: datetime, said: Prediction) -> list[Any]:
    """Every answer that a caller sees who asks again when told to: the instant, and what ends."""
    seen: list[Any] = []
    when: datetime | None = now
    while when is not None and len(seen) < 9:
        found = answer(said, policy, when, **ticket)
        seen.append((when, rules(found)))
        when = found.next_review_at
    return seen


def test_a_caller_who_asks_again_when_told_sees_each_change() -> None:
    fields = {"created_at": FRIDAY, "customer_tier": "enterprise"}
    owner, wait = "entry.owner", "trigger.enterprise_wait"
    respond, resolve = "clock.respond_overdue", "clock.resolve_overdue"
    assert chain(fields, OFFICE, FRIDAY, prediction("P3")) == [
        (FRIDAY, [owner]),
        (FRIDAY + timedelta(hours=2) + TICK, [owner, wait]),
        (MONDAY + timedelta(hours=7.5) + TICK, [owner, wait, respond, resolve]),
    ]


def test_for_what_can_not_wait_opening_and_closing_are_changes() -> None:
    seen = chain({"created_at": FRIDAY}, OFFICE, FRIDAY, prediction("P1"))
    assert [(when, found[-1]) for when, found in seen[:5]] == [
        (FRIDAY, "entry.p1"),
        (FRIDAY + timedelta(minutes=15) + TICK, "clock.respond_overdue"),
        (FRIDAY + timedelta(minutes=30), "clock.respond_overdue"),
        (FRIDAY + timedelta(hours=24) + TICK, "clock.resolve_overdue"),
        (MONDAY, "clock.resolve_overdue"),
    ]
    assert ["clock.on_call" in found for _, found in seen[:5]] == [False, False, True, True, False]


def test_an_alternative_that_would_go_elsewhere_is_a_change() -> None:
    late = [
        {
            "id": "trigger.late",
            "text": "x",
            "when": {"waited_over": "1h", "issue_type": ["bug"]},
            "raise_to": 4,
        }
    ]
    labels = {"how_to": 0.5, "bug": 0.49}
    close = {"issue_type": HeadPrediction("how_to", 0.5, labels)}
    said = Prediction(close, False, MODEL, {"ambiguous": 0.1})
    found = answer(said, policy_with(triggers=late), created_at=NOW)
    assert [other.tier for other in found.alternatives] == [2]
    due = NOW + timedelta(hours=1) + TICK
    assert found.next_review_at == due
    after = answer(said, policy_with(triggers=late), now=due, created_at=NOW)
    assert [other.tier for other in after.alternatives] == [4]
    assert (after.tier, after.reasons) == (found.tier, found.reasons)


def test_a_wait_that_changes_nothing_is_no_review() -> None:
    same = [{"id": "entry.late", "text": "x", "when": {"waited_over": "1h"}, "path": []},
            {"id": "entry.rest", "text": "x", "path": []}]  # fmt: skip
    own = policy_with(entry=same, triggers=[])
    # Without a model both rules give the same answer: the fallback's.
    assert answer(None, own, waited_minutes=0).next_review_at == (NOW + timedelta(hours=8) + TICK)


@pytest.mark.parametrize("fields", [{}, {"waited_minutes": 60 * 24 * 30}])
def test_archives_are_not_asked_for_again(fields: dict[str, Any]) -> None:
    assert answer(prediction("P3"), OFFICE, **fields).next_review_at is None
    assert answer(prediction("P4"), body=LOSS, created_at="2001-01-01").next_review_at is None

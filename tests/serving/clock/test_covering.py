"""Who serves a team that is closed: routing, queue, messages and `policy check` say the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.clock.gaps import closed_hours, unserved_hours
from tierline.serving.handoff.making import make_packet
from tierline.serving.messages.promises import promises_of
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.queue.entry import entry_of
from tierline.serving.queue.queued import Queue
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Reason, Recommendation
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

from ..fakes import BREACH, LOSS, NOW, answer, default_dict, prediction, rules
from ..test_recommend_properties import PROFILE, predictions
from .hours import WEEK
from .test_next_review import chain, clocks, tickets, with_calendars

SATURDAY = datetime(2025, 3, 15, 11, tzinfo=UTC)
OPENS = "opens: 2025-03-17 09:00 Europe/Berlin"
BERLIN = {"time_zone": "Europe/Berlin", "hours": WEEK}
CALENDARS: dict[str, Any] = {
    "always": {"always": True},
    "office": BERLIN,
    "rota": BERLIN | {"on_call": "rota"},
    "weekend": {"hours": {"saturday": ["10:00-14:00"]}},
}
NIGHT_WATCH = {"night-watch": {"tier": 3, "calendar": "always"}}


def with_teams(**teams: dict[str, Any]) -> Policy:
    """The default policy with keys of some teams (``_`` for ``-``) replaced."""
    raw = default_dict() | {"calendars": CALENDARS}
    for name, keys in teams.items():
        known = raw["teams"].get(name.replace("_", "-"), {"tier": 3})
        raw["teams"][name.replace("_", "-")] = known | keys
    return Policy.model_validate(raw)


def covered(cover: str | None = "night-watch", calendar: str = "office", **more: Any) -> Policy:
    """Incidents go to a team of the office, which the night watch covers at all hours."""
    own = {"calendar": calendar} | ({"cover": cover} if cover else {})
    return with_teams(incident_response=own, night_watch={"calendar": "always"}, **more)


def at_weekend(policy: Policy, never: Exclusions = NO_MORE, **fields: Any) -> Recommendation:
    ticket = Ticket.model_validate({"id": "a", "body": LOSS, "created_at": SATURDAY} | fields)
    return recommend(ticket, prediction(), policy, SATURDAY, never)


def clock_reason(found: Recommendation) -> Reason:
    (reason,) = (r for r in found.reasons if r.rule.startswith("clock."))
    return reason


def in_queue(ticket: Ticket, found: Recommendation, policy: Policy, now: datetime) -> Any:
    queue = Queue.of([entry_of(ticket, found, policy, now)], policy, now)
    return queue.row(queue.tickets[0])


def test_a_cover_stands_in_for_a_closed_team_everywhere() -> None:
    policy = covered()
    ticket = Ticket(id="a", body=LOSS, created_at=SATURDAY)
    found = at_weekend(policy)
    reason = clock_reason(found)
    assert (found.team, reason.rule, reason.evidence) == (
        "incident-response", "clock.cover", (OPENS,)
    )  # fmt: skip
    assert reason.text.endswith("incident-response is closed and this can't wait: "
                                "night-watch stands in")  # fmt: skip
    assert found.notify == ("on_call", "night-watch")
    assert reason in make_packet(ticket, found, policy, SATURDAY).why
    assert promises_of(found, policy, SATURDAY).respond_by == SATURDAY + timedelta(hours=2)
    row = in_queue(ticket, found, policy, SATURDAY)
    assert (row["team"], row["way"], row["in_time"]) == ("night-watch", "cover", True)
    assert list(unserved_hours(policy, SATURDAY)) == []


def test_the_tiers_owner_covers_a_team_that_names_nobody() -> None:
    policy = covered(None)
    assert "senior-engineers stands in" in clock_reason(at_weekend(policy)).text
    assert list(unserved_hours(policy, SATURDAY)) == []


def test_a_closed_cover_passes_it_on_to_its_own() -> None:
    policy = covered("relay", relay={"calendar": "office", "cover": "night-watch"})
    assert "night-watch stands in" in clock_reason(at_weekend(policy)).text


@pytest.mark.parametrize(
    "changed",
    [
        {"night_watch": {"calendar": "weekend", "capacity": 0}},
        {"night_watch": {"calendar": "weekend", "tier": 2}},
        {"night_watch": {"calendar": "office"}},
    ],
)
def test_who_may_not_or_is_closed_does_not_stand_in(changed: dict[str, Any]) -> None:
    own: dict[str, Any] = {"calendar": "office", "cover": "night-watch"}
    closed = {"calendar": "office"}
    policy = with_teams(
        incident_response=own,
        senior_engineers=closed,
        technical_support=closed,
        **changed,
    )
    assert clock_reason(at_weekend(policy)).rule == "clock.no_cover"
    assert promises_of(at_weekend(policy), policy, SATURDAY).respond_by is None


def test_exclusions_keep_a_cover_from_a_ticket() -> None:
    policy = covered()
    rules_of = {
        "customer": (Exclusion(to_team="night-watch", customer="C-7"), {"customer": "C-7"}),
        # From the team to which it was recommended, as when a queue moves it on.
        "from_team": (Exclusion(to_team="night-watch", from_team="incident-response"), {}),
    }
    for rule, fields in rules_of.values():
        never = Exclusions((rule,))
        found = at_weekend(policy, never, **fields)
        assert "senior-engineers stands in" in clock_reason(found).text
        assert found.notify == ("on_call", "senior-engineers")


def test_a_cover_comes_before_on_call_and_on_call_before_a_pool() -> None:
    rota = covered(calendar="rota")
    assert clock_reason(at_weekend(rota)).rule == "clock.cover"
    pool = {"calendar": "weekend", "tier": 3}
    own: dict[str, Any] = {"limit": 5, "overflow_to": ["pool"]}
    closed = {"calendar": "office"}
    for calendar, rule, who in (
        ("rota", "clock.on_call", "rota"),
        ("office", "clock.cover", "pool"),
    ):
        policy = with_teams(
            incident_response=own | {"calendar": calendar}, senior_engineers=closed, pool=pool
        )
        found = at_weekend(policy)
        assert (clock_reason(found).rule, found.notify) == (rule, ("on_call", who))


def test_where_a_person_placed_it_nobody_stands_in() -> None:
    placed: dict[str, Any] = {"team": "incident-response", "locked_by_human": True}
    found = at_weekend(covered(), **placed)
    assert clock_reason(found).rule == "clock.no_cover"
    assert clock_reason(at_weekend(covered(calendar="rota"), **placed)).rule == "clock.on_call"


def test_what_can_wait_has_no_cover_in_its_answer() -> None:
    policy = with_teams(general_support={"calendar": "office", "cover": "night-watch"},
                        night_watch={"calendar": "always"})  # fmt: skip
    found = answer(prediction("P3"), policy, SATURDAY, created_at=SATURDAY)
    assert (rules(found), found.notify) == (["entry.owner"], ())


def test_the_covers_hours_are_changes_too() -> None:
    policy = covered("weekend-watch", weekend_watch={"calendar": "weekend", "cover": "late-watch"},
                     late_watch={"calendar": "always"})  # fmt: skip
    fields = {"created_at": SATURDAY, "body": LOSS}
    seen = chain(fields, policy, SATURDAY, prediction("P3"))
    respond = timedelta(hours=2) + timedelta.resolution
    assert [when for when, _ in seen[:3]] == [
        SATURDAY, SATURDAY + respond, SATURDAY.replace(hour=14)
    ]  # fmt: skip


@st.composite
def incidents(draw: st.DrawFn) -> Ticket:
    """A ticket that can't wait; a lock is one that holds."""
    ticket = draw(tickets())
    words = {"id": "a", "subject": "", "body": draw(st.sampled_from([LOSS, BREACH]))}
    holds = ticket.locked_by_human and ticket.current_tier == 3
    return ticket.model_copy(update={**words, "locked_by_human": holds})


SAID = {
    "own": None,
    "cover": "clock.cover",
    "overflow": "clock.cover",
    "on_call": "clock.on_call",
    "closed": "clock.no_cover",
}


@PROFILE
@given(incidents(), predictions, with_calendars(), clocks)
def test_route_and_queue_agree_on_who_has_it(
    ticket: Ticket, said: Prediction | None, policy: Policy, now: datetime
) -> None:
    found = recommend(ticket, said, policy, now)
    row = in_queue(ticket, found, policy, now)
    told = [r for r in found.reasons if r.rule in SAID.values()]
    expected = SAID[row["way"] or row["waits_for"]]
    assert [r.rule for r in told] == [rule for rule in (expected,) if rule]
    if expected == "clock.cover":
        assert told[0].text.endswith(f": {row['team']} stands in")
        assert row["team"] in found.notify
    kept = ticket.locked_by_human or policy.exclusions
    at_home = policy.teams[found.team].tier == found.tier
    if expected == "clock.no_cover" and at_home and not kept:
        names = f"nobody serves tier {found.tier} (", found.team
        assert any(name in line for line in unserved_hours(policy, now) for name in names)


def test_hours_at_which_nobody_stands_in_are_told_with_the_teams() -> None:
    noon = datetime(2025, 3, 14, 12, tzinfo=UTC)
    closed = {"calendar": "office"}
    policy = covered("weekend-watch", weekend_watch=closed, senior_engineers=closed)
    (owner, promised) = sorted(unserved_hours(policy, noon))
    assert owner.startswith("teams.senior-engineers.calendar: nobody serves senior-engineers and "
                            "incident-response and weekend-watch of tier 3")  # fmt: skip
    assert "from 2025-03-14 17:00 Europe/Berlin until 2025-03-17 09:00 Europe/Berlin" in owner
    # In the owner's own zone, though the tier's calendar is in UTC.
    assert promised.startswith("tiers.3.owner: senior-engineers is closed")
    assert "from 2025-03-14 17:00 Europe/Berlin until 2025-03-17 09:00 Europe/Berlin" in promised


def test_a_cover_below_the_tier_serves_nobody_there() -> None:
    own: dict[str, Any] = {"calendar": "office", "cover": "order-desk"}
    assert len(list(unserved_hours(with_teams(technical_support=own), NOW))) == 1
    own["cover"] = "billing-desk"
    assert list(unserved_hours(with_teams(technical_support=own), NOW)) == []


def test_hours_that_a_cover_serves_are_not_closed_hours() -> None:
    raw = default_dict() | {"calendars": CALENDARS}
    for tier in raw["tiers"].values():
        tier["calendar"] = "office"
    raw["teams"]["senior-engineers"]["cover"] = "night-watch"
    raw["teams"] |= NIGHT_WATCH
    (line,) = closed_hours(Policy.model_validate(raw), SATURDAY)
    assert line.startswith("by calendars.office nobody serves tiers 1, 2, 4 from")

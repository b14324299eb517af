"""The order: what makes a ticket urgent, and that every ticket is reached."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.serving.clock.open_time import BEGINNING
from tierline.serving.policy import Exclusion, QueuePolicy, load_policy
from tierline.serving.queue.entry import Entry, entry_of
from tierline.serving.queue.priority import TERMS, order, sentence, terms
from tierline.serving.queue.queued import Queue
from tierline.serving.routing.recommend import recommend
from tierline.serving.teams.exclusions import Exclusions

from ..fakes import BREACH, LOSS, NOW, POLICY, answer, default_dict, policy_with, prediction
from ..test_recommend_properties import PROFILE
from .queues import backlogs, entries, entry, policy_with_queue

QUEUE = POLICY.queue
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FREE = Exclusions()
OFFICE = load_policy(Path(__file__).parents[3] / "serving" / "samples" / "office_hours.toml")


def ids(*given: Entry, queue: QueuePolicy = QUEUE) -> str:
    return " ".join(ranked.entry.id for ranked in order(given, queue, NOW))


def points(one: Entry, name: str) -> float:
    ranked = order([one], QUEUE, NOW)[0]
    return next(t.points for t in terms(ranked, QUEUE, NOW) if t.name == name)


def test_safety_and_p1_come_first_whatever_the_points() -> None:
    old = entry("old", age=400 * DAY, severity=Severity.P2)
    safe = entry("safe", due=48, severity=Severity.P4, first="safety")
    p1 = entry("p1", severity=Severity.P1, first="P1")
    assert ids(old, safe, p1) == "p1 safe old"


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("severity", {}, 12.0),
        ("severity", {"severity": Severity.P2}, 24.0),
        ("severity", {"may_be_p1": True}, 40.0),
        ("breach", {"due": 8.0}, 0.0),
        ("breach", {"due": 4.0}, 7.5),
        ("breach", {"due": 0.0}, 15.0),
        ("breach", {"due": -8.0}, 30.0),
        ("breach", {"due": -99.0}, 30.0),
        ("customer_tier", {"customer_tier": "enterprise"}, 10.0),
        ("customer_tier", {"customer_tier": "smb"}, 5.0),
        ("customer_tier", {"customer_tier": None}, 0.0),
        ("sentiment", {"sentiment": "very_negative"}, 5.0),
        ("sentiment", {"sentiment": "a label of our own"}, 0.0),
        ("attempts", {"attempts": 2}, 2.0),
        ("attempts", {"attempts": 50}, 5.0),
        ("order_value", {"order_value": 2500.0}, 5.0),
        ("order_value", {"order_value": 1e9}, 10.0),
        ("age", {"age": 36 * HOUR}, 15.0),
        ("age", {"age": 36 * HOUR, "dated": False}, 15.0),
    ],
)
def test_a_term_gives_its_share_of_its_weight(
    name: str, changed: dict[str, Any], expected: float
) -> None:
    assert points(entry(**changed), name) == pytest.approx(expected)


def test_terms_are_readable_and_sum_up() -> None:
    ranked = order([entry(due=-1.5, age=50 * HOUR, severity_said="P3")], QUEUE, NOW)[0]
    parts = terms(ranked, QUEUE, NOW)
    assert tuple(t.name for t in parts) == TERMS
    assert sum(t.points for t in parts) == pytest.approx(ranked.points)
    assert all(t.points == t.value * t.weight for t in parts)
    assert sentence(parts) == (
        "20.8 age (2 d 02 h) + 17.8 breach (overdue by 1 h 30 min) + 12.0 severity (P3)"
    )


def test_what_is_not_known_is_said() -> None:
    bare = entry(age=2 * HOUR, dated=False)
    said = {t.name: t.said for t in terms(order([bare], QUEUE, NOW)[0], QUEUE, NOW)}
    assert said["severity"] == "unknown, taken as P3"
    assert said["age"] == "no date, seen 2 h 00 min ago"
    assert {said[n] for n in ("customer_tier", "sentiment", "attempts", "order_value")} == {
        "unknown"
    }


def test_ties_go_by_deadline_then_age_then_id() -> None:
    # Weights far apart make the terms equal where only the tie should tell.
    flat = QUEUE.model_copy(
        update={"weights": QUEUE.weights.model_copy(update={"breach": 0, "age_per_day": 1e-300})}
    )
    late, soon = entry("x", due=9), entry("z", due=3)
    older = entry("y", due=9, age=HOUR)
    assert ids(late, replace(late, id="w"), soon, older, queue=flat) == "z y w x"


@PROFILE
@given(backlogs(most=5), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_input_order(found: list[Entry], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert ids(*shuffled) == ids(*found)


def test_an_id_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="every id once"):
        order([entry("a"), entry("a", due=1)], QUEUE, NOW)


weights = st.fixed_dictionaries(
    dict.fromkeys(QUEUE.weights.model_dump(exclude={"age_per_day"}), st.floats(0, 1000))
    | {"age_per_day": st.floats(0.01, 100)}
)


@PROFILE
@given(
    weights,
    entries("old"),
    entries("new"),
    st.timedeltas(timedelta(0), timedelta(days=100_000)),
)
def test_after_a_while_a_ticket_precedes_every_newer_one(
    own: dict[str, float], old: Entry, new: Entry, later: timedelta
) -> None:
    """No newcomer's terms outweigh the age that the ticket has had in advance."""
    queue = QueuePolicy.model_validate(default_dict()["queue"] | {"weights": own})
    ahead = timedelta(days=queue.passed_within_days) + HOUR
    old = replace(old, age=new.age + ahead + later)
    found = ids(replace(new, first=None), replace(old, first=None), queue=queue)
    assert found == "old new"


@PROFILE
@given(entries("old"), st.lists(entries(), min_size=1, max_size=3), st.integers(1, 3))
def test_every_ticket_is_reached_though_more_come_than_go(
    old: Entry, kinds: list[Entry], arrivals: int
) -> None:
    """``arrivals`` tickets of any kind come in an hour, and one goes."""
    waiting = [replace(old, first=None, age=timedelta(0))]
    steps = int((QUEUE.passed_within_days + 1) * 24 / 8) * (arrivals + 1)
    for step in range(steps):
        waiting += [
            replace(kinds[n % len(kinds)], id=f"{step}.{n}", first=None, age=timedelta(0))
            for n in range(arrivals)
        ]
        gone, *waiting = [ranked.entry for ranked in order(waiting, QUEUE, NOW)]
        if gone.id == old.id:
            return
        waiting = [replace(e, age=e.age + 8 * HOUR) for e in waiting]
    raise AssertionError(f"not reached in {steps} steps")


@settings(PROFILE, max_examples=20)
@given(
    st.sampled_from(["P2", "P3", "P4", None]),
    st.lists(st.tuples(st.sampled_from(["P2", "P4"]), st.booleans()), min_size=1, max_size=3),
    st.integers(1, 2),
)
def test_a_ticket_without_a_date_is_reached_too_by_what_each_queue_says(
    old: str | None, kinds: list[tuple[str, bool]], arrivals: int
) -> None:
    """As above, with answers made anew each time: only ``since`` is carried on."""
    urgent: dict[str, Any] = {"customer_tier": "enterprise", "attempts": 9, "order_value": 1e6}
    waiting: list[tuple[str, str | None, dict[str, Any]]] = [("old", old, {})]
    seen: dict[str, datetime] = {}
    hours = 12
    steps = int((QUEUE.passed_within_days + 1) * 24 / hours) * (arrivals + 1)
    for step in range(steps):
        now = NOW + step * hours * HOUR
        for n in range(arrivals):
            severity, dated = kinds[n % len(kinds)]
            fields = urgent | ({"created_at": now} if dated else {})
            waiting.append((f"{step}.{n}", severity, fields))
        found: list[Entry] = []
        for name, level, fields in waiting:
            asked = Ticket(id=name, **fields)
            said = PLAIN.model_copy(
                update={"severity": level, "respond_by": now + WITHIN[level or "P3"]}
            )
            found.append(entry_of(asked, said, POLICY, now, since=seen.get(name)))
        queue = Queue.of(found, POLICY, now, give_out=False)
        rows = [queue.row(queued) for queued in queue.tickets]
        seen = {row["id"]: row["since"] for row in rows}
        if rows[0]["id"] == "old":
            return
        waiting = [one for one in waiting if one[0] != rows[0]["id"]]
    raise AssertionError(f"not reached in {steps} steps")


PLAIN = answer(None)
WITHIN = {str(severity): within for severity, within in POLICY.respond_within.items()}


def test_an_answer_that_was_given_before_tells_since_when_a_ticket_is_known() -> None:
    said = answer(prediction("P2"))
    for later in (2 * HOUR, 3 * DAY):
        found = entry_of(ticket(), said, POLICY, NOW + later, since=NOW + HOUR)
        assert (found.age, found.dated) == (later, False)
        assert entry_of(ticket(), said, POLICY, NOW + later, since=NOW - HOUR).age == later + HOUR
    safe = answer(None, body=LOSS)
    assert entry_of(ticket(body=LOSS), safe, POLICY, NOW + HOUR).age == HOUR
    closed = answer(None, OFFICE, NOW - 2 * DAY)
    assert entry_of(ticket(), closed, OFFICE, NOW + HOUR).age <= 2 * DAY + HOUR
    # A clock that was set back makes no age below 0.
    assert entry_of(ticket(), said, POLICY, NOW - DAY, since=NOW).age == timedelta(0)


def ticket(**fields: Any) -> Ticket:
    return Ticket(id="T-1", **fields)


def test_an_entry_takes_over_what_the_answer_says() -> None:
    said = answer(prediction("P2", "billing", "negative"))
    asked = ticket(created_at=NOW - HOUR, waited_minutes=5, attempts=3, order_value=7.0)
    found = entry_of(asked, said, POLICY, NOW, FREE)
    assert (found.tier, found.team) == (said.tier, said.team)
    assert (found.severity, found.severity_said) == (Severity.P2, "P2")
    assert (found.age, found.attempts, found.order_value) == (HOUR, 3, 7.0)
    assert (found.first, found.never, found.needs) == (None, frozenset(), frozenset())


@pytest.mark.parametrize("text", [LOSS, BREACH])
def test_safety_hits_come_first_without_any_model(text: str) -> None:
    found = entry_of(ticket(body=text), answer(None, body=text), POLICY, NOW, FREE)
    assert (found.first, found.severity_said) == ("safety", None)


def test_a_severity_of_ones_own_counts_as_what_it_means() -> None:
    own = policy_with(severity_names={"urgent": "P1"})
    said = answer(prediction()).model_copy(update={"severity": "urgent"})
    found = entry_of(ticket(), said, own, NOW, FREE)
    assert (found.first, found.severity, found.severity_said) == ("P1", Severity.P1, "urgent")


def test_what_the_model_can_not_rule_out_as_p1_says_so() -> None:
    said = answer(prediction(thresholds={"caution.p1": 0.0}))
    found = entry_of(ticket(), said, POLICY, NOW, FREE)
    assert (found.may_be_p1, found.first) == (True, None)


@pytest.mark.parametrize(
    ("fields", "age"),
    [
        ({"waited_minutes": 90}, 1.5 * HOUR),
        ({"created_at": NOW + 2 * timedelta(minutes=1)}, timedelta(0)),
    ],
)
def test_age_is_counted_from_what_is_known(fields: Any, age: timedelta) -> None:
    found = entry_of(ticket(**fields), answer(None), POLICY, NOW, FREE, NOW - 9 * DAY)
    assert (found.age, found.dated) == (age, True)


@pytest.mark.parametrize("fields", [{}, {"created_at": "9999-12-31"}])
def test_without_a_date_age_is_counted_from_when_the_ticket_was_first_seen(fields: Any) -> None:
    found = entry_of(ticket(**fields), answer(None), POLICY, NOW, FREE, NOW - 9 * DAY)
    assert (found.age, found.dated) == (9 * DAY, False)


def test_needs_are_the_values_of_the_policys_fields_that_not_all_have() -> None:
    needs = {"needs": ["language", "issue_type", "product"], "everyone": ["en", "BILLING"]}
    own = policy_with(queue=default_dict()["queue"] | needs)
    said = answer(prediction(issue_type="billing"))
    found = entry_of(ticket(language="de_AT", product=" Till "), said, own, NOW, FREE)
    assert found.needs == {("language", ("de-at", "de")), ("product", ("till",))}
    assert entry_of(ticket(language="en-GB"), said, own, NOW, FREE).needs == frozenset()


def test_exclusions_by_customer_product_and_incident_are_kept() -> None:
    rules = [
        Exclusion(to_team="order-desk", customer="C-1"),
        Exclusion(to_team="integrations", product="till"),
        Exclusion(to_team="incident-response", issue_type="data_loss"),
        Exclusion(to_team="billing-desk", customer="C-2"),
    ]
    found = entry_of(
        ticket(customer="C-1", product="Till"),
        answer(None, body=LOSS),
        POLICY,
        NOW,
        Exclusions(tuple(rules)),
    )
    assert found.never == {"order-desk", "integrations", "incident-response"}


def test_exclusions_hold_for_moves_from_the_team_that_the_answer_names() -> None:
    said = answer(None)
    assert said.team == "general-support"
    rules = (
        Exclusion(from_team="General-Support ", to_team="order-desk"),
        Exclusion(from_team="general-support", to_team="general-support"),
        Exclusion(from_team="integrations", to_team="billing-desk"),
        Exclusion(from_team="order-desk", to_team="technical-support"),
    )
    found = entry_of(ticket(team=None), said, POLICY, NOW, Exclusions(rules))
    assert found.never == {"order-desk"}
    found = entry_of(ticket(team="integrations"), said, POLICY, NOW, Exclusions(rules))
    assert found.never == {"order-desk", "billing-desk"}


def test_overflow_obeys_exclusions_of_a_ticket_that_names_no_team() -> None:
    keys = {"capacity": 1, "overflow_to": ["technical-support"]}
    own = policy_with_queue({"general-support": keys})
    rule = Exclusion(from_team="general-support", to_team="technical-support")
    for never, ways in ((FREE, ["own", "overflow"]), (Exclusions((rule,)), ["own", None])):
        given = [Ticket(id=name, body="x", created_at=NOW - HOUR) for name in ("a", "b")]
        kept = [entry_of(one, answer(None), own, NOW, never) for one in given]
        queue = Queue.of(kept, own, NOW)
        assert [queue.row(one)["way"] for one in queue.tickets] == ways


def test_a_lock_that_names_only_a_team_holds_after_the_answer() -> None:
    said = answer(None)
    placed = ticket(team="integrations", locked_by_human=True)
    found = entry_of(placed, said, POLICY, NOW, FREE)
    anew = recommend(placed, None, POLICY, NOW)
    assert (found.tier, found.team) == (anew.tier, anew.team) == (2, "integrations")
    elsewhere = entry_of(ticket(team="EMEA", locked_by_human=True), said, POLICY, NOW, FREE)
    assert (elsewhere.tier, elsewhere.team) == (said.tier, said.team)


def test_deadlines_of_any_zone_are_kept_in_utc() -> None:
    first = datetime(1, 1, 1, tzinfo=timezone(14 * HOUR))
    for told, kept in ((NOW.astimezone(timezone(2 * HOUR)), NOW), (first, BEGINNING)):
        said = answer(None).model_copy(update={"respond_by": told})
        found = entry_of(ticket(), said, POLICY, NOW, FREE).respond_by
        assert (found, found.tzinfo) == (kept, UTC)


def test_a_ticket_without_an_id_or_with_an_unknown_team_is_refused() -> None:
    said = answer(None)
    with pytest.raises(ValueError, match="id: expected one"):
        entry_of(Ticket(), said, POLICY, NOW, FREE)
    with pytest.raises(ValueError, match="team: expected a team of the policy"):
        entry_of(ticket(), said.model_copy(update={"team": "nobody"}), POLICY, NOW, FREE)

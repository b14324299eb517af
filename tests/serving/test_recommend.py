"""The decision, cell by cell: where tickets enter, what raises them, what people decide."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from tierline.data.labels import HEADS, IssueType, Sentiment, Severity
from tierline.data.ticket import CustomerTier, Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Alternative, ReviewReason

from .fakes import (
    BREACH,
    CALM,
    LOSS,
    MODEL,
    NOW,
    POLICY,
    answer,
    explained,
    head,
    policy_with,
    prediction,
    rules,
)

TICK = timedelta.resolution
TIER_2 = ("configuration", "integration", "performance", "bug")
TIER_3 = ("outage", "data_loss", "security_breach")
INCIDENTS = ("data_loss", "security_breach")


def entered(severity: str, issue_type: str) -> tuple[int, ...]:
    """The design's two tables, written once more."""
    if issue_type in INCIDENTS:
        return (3, 4)
    if severity == "P1":
        return (3, 4)
    if severity == "P2":
        return (2, 3)
    if issue_type == "feature_request":
        return (4,)
    if issue_type in TIER_3:
        return (3, 4)
    return (2, 3) if issue_type in TIER_2 else (1, 2, 3)


@pytest.mark.parametrize(("severity", "issue_type"), [*product(Severity, IssueType)])
def test_every_cell_of_the_default_policy(severity: str, issue_type: str) -> None:
    found = answer(prediction(severity, issue_type))
    path = entered(severity, issue_type)
    assert found.tier == path[0]
    assert found.owner == POLICY.tiers[found.tier].owner
    if issue_type not in INCIDENTS:
        assert found.path == path
    elif severity == "P2":
        assert found.path == (3, 4)


@pytest.mark.parametrize(
    ("severity", "issue_type", "rule"),
    [
        ("P1", "feature_request", "entry.p1"),
        ("P2", "feature_request", "entry.p2"),
        ("P3", "feature_request", "entry.feature_request"),
        ("P4", "bug", "entry.bug"),
        ("P3", "access", "entry.owner"),
    ],
)
def test_the_reason_names_the_entry_rule(severity: str, issue_type: str, rule: str) -> None:
    assert rules(answer(prediction(severity, issue_type)))[0] == rule


@pytest.mark.parametrize("field", ["waited_minutes", "created_at"])
def test_exactly_two_hours_is_no_long_wait(field: str) -> None:
    def enterprise(waited: timedelta) -> int:
        value = NOW - waited if field == "created_at" else waited / timedelta(minutes=1)
        fields: dict[str, Any] = {"customer_tier": "enterprise", field: value}
        return answer(prediction(), **fields).tier

    assert enterprise(timedelta(hours=2)) == 1
    assert enterprise(timedelta(hours=2) + TICK) == 2


@pytest.mark.parametrize("tier", ["smb", "consumer", None])
def test_only_enterprise_customers_are_raised_for_waiting(tier: str | None) -> None:
    assert answer(prediction(), customer_tier=tier, waited_minutes=10_000).tier == 1


def test_waiting_sets_a_floor_and_adds_nothing_above_it() -> None:
    for severity, tier in (("P4", 2), ("P2", 2), ("P1", 3)):
        found = answer(prediction(severity), customer_tier="enterprise", waited_minutes=121)
        untimed = [r for r in rules(found) if not r.startswith("clock.")]
        assert (found.tier, untimed[-1]) == (tier, "trigger.enterprise_wait")


@pytest.mark.parametrize(("attempts", "tier"), [(None, 1), (0, 1), (3, 1), (4, 2), (900, 2)])
def test_three_attempts_are_borne_and_four_are_not(attempts: int | None, tier: int) -> None:
    found = answer(prediction(sentiment="very_negative"), attempts=attempts)
    assert found.tier == tier
    assert found.notify == (("manager",) if tier == 2 else ())


@pytest.mark.parametrize("sentiment", [s for s in Sentiment if s != "very_negative"])
def test_many_attempts_alone_raise_nothing(sentiment: str) -> None:
    found = answer(prediction(sentiment=sentiment), attempts=9)
    assert (found.tier, found.notify) == (1, ())


@pytest.mark.parametrize(
    ("value", "tier"), [(None, 1), (0, 1), (1000, 1), (1000.01, 2), (1e300, 2)]
)
def test_the_order_value_must_be_above_the_threshold(value: float | None, tier: int) -> None:
    assert answer(prediction(issue_type="order"), order_value=value).tier == tier


@pytest.mark.parametrize(
    ("body", "tier"),
    [
        ("The chairs are needed today.", 2),
        ("THE\nWEDDING  IS on Saturday", 2),
        ("It holds my insulin", 2),
        ("insulin", 2),
        ("The cake is imperishable", 1),
        ("insulins", 1),
        ("Where are the chairs?", 1),
    ],
)
def test_time_critical_orders_go_one_up(body: str, tier: int) -> None:
    assert answer(prediction(issue_type="order"), body=body).tier == tier


def test_time_critical_words_count_for_orders_only() -> None:
    assert answer(prediction(issue_type="how_to"), body="needed today").tier == 1
    assert answer(None, body="needed today").tier == 1


def test_the_words_that_fired_a_trigger_are_its_evidence() -> None:
    found = answer(prediction(issue_type="order"), body="Needed today: insulin!")
    raised = found.reasons[rules(found).index("trigger.order_value")]
    assert raised.evidence == ("issue_type: order", "needed today", "insulin")
    waiting = answer(prediction(), customer_tier="enterprise", waited_minutes=185)
    assert waiting.reasons[-1].evidence == ("customer_tier: enterprise", "waited: 3 h 05 min")


@pytest.mark.parametrize("issue_type", IssueType)
def test_orders_take_the_express_lane(issue_type: str) -> None:
    lane = answer(prediction(issue_type=issue_type)).lane
    assert lane == ("express" if issue_type == "order" else "standard")


@pytest.mark.parametrize(("channel", "sentiment"), [*product(["social", "email", None], Sentiment)])
def test_public_complaints_get_technical_support(channel: str | None, sentiment: str) -> None:
    public = channel == "social" and sentiment in {"negative", "very_negative"}
    found = answer(prediction(sentiment=sentiment), channel=channel)
    assert found.tier == (2 if public else 1)
    assert ("trigger.public_complaint" in rules(found)) == public


def test_triggers_add_up_but_end_at_tier_4() -> None:
    everything: dict[str, Any] = {
        "customer_tier": "enterprise",
        "waited_minutes": 500,
        "attempts": 9,
        "order_value": 5000,
        "channel": "social",
    }
    low = answer(prediction("P4", "order", "very_negative"), **everything)
    assert (low.tier, low.path) == (4, (4,))
    assert rules(low) == ["entry.owner", *(t.id for t in POLICY.triggers)]
    assert answer(prediction("P1", "order", "very_negative"), **everything).tier == 4
    assert answer(prediction("P4", "feature_request", "very_negative"), **everything).tier == 4


def test_triggers_apply_in_the_policys_order() -> None:
    up = {"id": "trigger.up", "text": "x", "when": {}, "raise_by": 1}
    floor = {"id": "trigger.floor", "text": "x", "when": {}, "raise_to": 2}
    assert answer(prediction(), policy_with(triggers=[up, floor])).tier == 2
    assert answer(prediction(), policy_with(triggers=[floor, up])).tier == 3


def test_a_trigger_can_not_lower() -> None:
    low = [{"id": "trigger.low", "text": "x", "when": {}, "raise_to": 1}]
    assert answer(prediction("P1"), policy_with(triggers=low)).tier == 3


@pytest.mark.parametrize(
    ("body", "rule"), [(LOSS, "safety.data_loss"), (BREACH, "safety.security_breach")]
)
@pytest.mark.parametrize("said", [None, prediction("P4", "feedback", "positive")])
def test_incidents_go_to_tier_3_with_or_without_a_model(
    body: str, rule: str, said: Prediction | None
) -> None:
    found = answer(said, body=body)
    assert (found.tier, found.path, found.notify) == (3, (3, 4), ("on_call",))
    assert found.reasons[0].rule == rule
    assert found.reasons[0].evidence[0] in body
    assert found.owner == "senior-engineers"


def test_safety_leaves_a_higher_tier_alone() -> None:
    found = answer(prediction("P4", "feature_request"), body=BREACH)
    assert (found.tier, found.path) == (4, (4,))


def test_both_incidents_are_named_first() -> None:
    found = answer(prediction("P1"), body=f"{LOSS}.\n\n{BREACH}.")
    assert rules(found)[:3] == ["safety.data_loss", "safety.security_breach", "entry.p1"]
    assert found.notify == ("on_call",)


def test_incidents_in_the_subject_count() -> None:
    assert answer(None, subject=BREACH, body="").tier == 3


@pytest.mark.parametrize("label", INCIDENTS)
def test_the_models_own_suspicion_raises(label: str) -> None:
    said = prediction("P4", "feedback", confidence=0.5, thresholds={f"safety.{label}": 0.04})
    found = answer(said)
    assert rules(found)[0] == f"safety.model.{label}"
    assert (found.tier, found.notify) == (3, ("on_call",))
    assert "0.04" in found.reasons[0].text


def test_suspicion_begins_at_the_threshold() -> None:
    def tier(threshold: float) -> int:
        p = {"feedback": 0.75, "data_loss": 0.25}
        heads = {"issue_type": head(list(p), "feedback", 0.75)}
        return answer(Prediction(heads, False, MODEL, {"safety.data_loss": threshold})).tier

    assert tier(0.25) == 3
    assert tier(0.2500001) == 1


@pytest.mark.parametrize("label", INCIDENTS)
def test_a_predicted_incident_counts_without_any_threshold(label: str) -> None:
    assert rules(answer(prediction("P4", label, confidence=0.2)))[0] == f"safety.model.{label}"


def test_a_suspicion_shows_the_models_words() -> None:
    text = "Purple curtains since Monday"
    found = answer(explained(text, "curtains", "security_breach"), body=text)
    assert found.reasons[0].evidence == ("curtains",)


def test_a_lock_is_never_moved() -> None:
    for severity, tier in product(Severity, (1, 2, 3, 4)):
        found = answer(prediction(severity), current_tier=tier, locked_by_human=True)
        assert (found.tier, found.path[0]) == (tier, tier)
        advised = answer(prediction(severity)).tier
        assert ("lock.human" in rules(found)) == (advised != tier)


@pytest.mark.parametrize(("locked_at", "tier"), [(1, 3), (2, 3), (3, 3), (4, 4)])
@pytest.mark.parametrize("said", [None, prediction("P4", "feedback")])
def test_a_lock_can_not_switch_safety_off(
    locked_at: int, tier: int, said: Prediction | None
) -> None:
    found = answer(said, body=LOSS, current_tier=locked_at, locked_by_human=True)
    assert found.tier == tier
    assert rules(found)[0] == "safety.data_loss"
    assert ("lock.human" in rules(found)) == (locked_at != 3)


@pytest.mark.parametrize(
    ("placed", "tier", "said"),
    [
        ({}, 3, "no tier or team of the policy says where; this answer is advice"),
        (
            {"team": "EMEA Billing"},
            3,
            "no tier or team of the policy says where; this answer is advice",
        ),
        (
            {"team": "EMEA Billing", "current_tier": 2},
            2,
            "that the policy doesn't know; the team here is advice only",
        ),
    ],
)
def test_a_lock_at_an_unknown_place_says_so(placed: dict[str, Any], tier: int, said: str) -> None:
    found = answer(prediction("P1"), locked_by_human=True, **placed)
    assert found.tier == tier
    (text,) = (r.text for r in found.reasons if r.rule == "lock.unknown_place")
    assert said in text
    assert "EMEA" not in text
    assert "lock.unknown_place" not in rules(answer(prediction("P1"), **placed))
    assert "team.unknown" not in rules(found)


def test_a_team_that_the_policy_does_not_know_is_said_to_be_unknown() -> None:
    found = answer(prediction("P3"), team="EMEA Billing")
    assert (found.tier, rules(found)) == (1, ["entry.owner", "team.unknown"])
    assert "EMEA" not in found.reasons[-1].text
    assert "team.unknown" not in rules(answer(prediction("P3"), team="order-desk"))


def test_stepping_down_is_advice_only() -> None:
    found = answer(prediction("P4"), current_tier=3)
    assert (found.tier, found.path, rules(found)) == (3, (3,), ["entry.owner", "advice.step_down"])
    assert "tier 1" in found.reasons[-1].text
    assert found.owner == "senior-engineers"


def test_stepping_up_needs_no_advice() -> None:
    assert rules(answer(prediction("P1"), current_tier=1)) == ["entry.p1"]
    assert rules(answer(prediction("P1"), current_tier=3)) == ["entry.p1"]


def test_advice_never_goes_below_the_safety_floor() -> None:
    found = answer(prediction("P4"), body=BREACH, current_tier=4)
    assert (found.tier, rules(found)[-2]) == (4, "advice.step_down")
    assert "tier 3" in found.reasons[-2].text


def test_without_a_model_the_fallbacks_hold() -> None:
    found = answer(None)
    assert (found.tier, found.path, found.mode) == (1, (1, 2, 3), "rules_only")
    assert rules(found) == ["entry.fallback"]
    assert [getattr(found, f"{h}{c}") for h in HEADS for c in ("", "_confidence")] == [None] * 6
    assert found.model_version is None
    assert found.review_reason is ReviewReason.DEGRADED
    assert found.respond_by == NOW + timedelta(hours=8)


def test_without_a_model_what_is_known_still_raises() -> None:
    assert answer(None, customer_tier="enterprise", waited_minutes=121).tier == 2
    assert answer(None, order_value=1001).tier == 2
    assert answer(None, attempts=9, channel="social").tier == 1


def test_the_fallback_is_the_policys() -> None:
    own = policy_with(fallback={"tier": 2, "severity": "P1"})
    found = answer(None, own)
    assert (found.tier, found.respond_by) == (2, NOW + timedelta(minutes=15))


def test_labels_that_the_policy_does_not_know() -> None:
    strange = {"severity": head(["urgent", "calm"], "urgent"), "issue_type": head(["x", "y"], "x")}
    found = answer(Prediction(strange, False, MODEL))
    assert (found.tier, rules(found)) == (1, ["entry.fallback"])
    assert (found.severity, found.issue_type, found.sentiment) == ("urgent", "x", None)
    assert found.respond_by == NOW + timedelta(hours=8)
    own = policy_with(severity_names={"urgent": "P1"})
    assert answer(Prediction(strange, False, MODEL), own).tier == 3


@pytest.mark.parametrize("words", [{}, {"subject": " ", "body": "\u200b<br>\x00"}])
def test_a_ticket_without_words_is_not_guessed_at(words: dict[str, Any]) -> None:
    said = prediction("P1", "security_breach", "very_negative")
    found = answer(said, **({"body": ""} | words))
    assert (found.tier, found.severity, found.issue_type) == (1, None, None)
    assert (found.mode, found.model_version) == ("full", MODEL)
    assert (found.needs_review, found.review_reason) == (True, ReviewReason.EMPTY)
    assert rules(found) == ["entry.fallback"]


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


def test_the_answer_carries_its_sources() -> None:
    found = answer(prediction("P2", "bug", "negative"), id="T-1")
    assert (found.id, found.model_version, found.policy_version) == ("T-1", MODEL, POLICY.version)
    assert (found.severity, found.issue_type, found.sentiment) == ("P2", "bug", "negative")
    assert found.severity_confidence == 0.9
    assert (found.mode, found.needs_review, found.review_reason) == ("full", False, None)


LIMITS = {"low_confidence.severity": 0.6, "ambiguous": 0.5}


@pytest.mark.parametrize(
    ("said", "body", "reason"),
    [
        (prediction(), LOSS, ReviewReason.RULE_CONFLICT),
        (prediction(confidence=0.5), LOSS, None),
        (prediction("P1", "data_loss", confidence=0.999), LOSS, None),
        (None, LOSS, ReviewReason.DEGRADED),
        (prediction(confidence=0.59, thresholds=LIMITS), CALM, ReviewReason.LOW_CONFIDENCE),
        (prediction(confidence=0.61, thresholds=LIMITS), CALM, ReviewReason.AMBIGUOUS),
        (prediction(confidence=0.9, thresholds=LIMITS), CALM, None),
        (prediction(confidence=0.1), CALM, None),
        (prediction(truncated=True), CALM, ReviewReason.TRUNCATED),
        (prediction(truncated=True), LOSS, ReviewReason.RULE_CONFLICT),
        (prediction(truncated=True), "", ReviewReason.EMPTY),
    ],
)
def test_the_first_reason_for_a_persons_look(
    said: Prediction | None, body: str, reason: ReviewReason | None
) -> None:
    found = answer(said, body=body)
    assert (found.needs_review, found.review_reason) == (reason is not None, reason)


STRANGE = {"out_of_distribution": 2.0, "unsupported_language": 3.0}


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ({"unsupported_language": 3.1, "out_of_distribution": 9.0}, "unsupported_language"),
        ({"unsupported_language": 3.0, "out_of_distribution": 2.1}, "out_of_distribution"),
        ({"unsupported_language": 3.0, "out_of_distribution": 2.0}, "low_confidence"),
        ({"out_of_distribution": 2.1}, "out_of_distribution"),
        ({}, "low_confidence"),
    ],
)
def test_what_the_model_can_not_read_comes_before_what_it_says(
    scores: dict[str, float], reason: str
) -> None:
    limits = STRANGE | {"low_confidence.severity": 0.99}
    said = replace(prediction(thresholds=limits), scores=scores)
    assert answer(said).review_reason == reason
    unlimited = replace(prediction(thresholds={"low_confidence.severity": 0.99}), scores=scores)
    assert answer(unlimited).review_reason == ReviewReason.LOW_CONFIDENCE


def test_a_strange_ticket_is_routed_all_the_same() -> None:
    said = replace(prediction("P1", thresholds=STRANGE), scores={"out_of_distribution": 3.0})
    for body in (CALM, LOSS):
        known, strange = answer(prediction("P1"), body=body), answer(said, body=body)
        assert strange.review_reason is ReviewReason.OUT_OF_DISTRIBUTION
        changed = {"review_reason", "needs_review"}
        assert strange.model_dump(exclude=changed) == known.model_dump(exclude=changed)


def close(labels: dict[str, float]) -> Prediction:
    """A calm how-to whose issue type is unsure."""
    best = max(labels, key=lambda name: labels[name])
    said = prediction(thresholds={"ambiguous": 0.1})
    types = HeadPrediction(best, labels[best], labels)
    return replace(said, heads={**said.heads, "issue_type": types})


def test_of_two_labels_too_close_to_call_both_are_given() -> None:
    found = answer(close({"how_to": 0.45, "outage": 0.40, "access": 0.15}))
    assert (found.tier, found.issue_type) == (1, "how_to")
    assert found.review_reason is ReviewReason.AMBIGUOUS
    assert found.alternatives == (
        Alternative(head="issue_type", label="outage", confidence=0.40, tier=3),
    )
    assert answer(close({"how_to": 0.55, "outage": 0.45})).alternatives == ()


def test_an_answer_graver_than_the_likeliest_is_for_a_person_to_look_at() -> None:
    severities = {"P1": 0.05, "P2": 0.35, "P3": 0.60, "P4": 0.0}
    said = prediction(thresholds={"ambiguous": 0.1})
    graver = HeadPrediction("P2", 0.35, severities)
    found = answer(replace(said, heads={**said.heads, "severity": graver}))
    assert (found.severity, found.review_reason) == ("P2", ReviewReason.AMBIGUOUS)
    (other,) = found.alternatives
    assert (other.head, other.label, other.confidence) == ("severity", "P3", 0.60)


def test_the_other_label_has_the_tier_that_it_would_get_as_an_answer() -> None:
    other = answer(close({"how_to": 0.45, "security_breach": 0.42, "access": 0.13}))
    assert (other.tier, other.alternatives[0].tier) == (1, 3)
    incident = answer(close({"how_to": 0.42, "security_breach": 0.45, "access": 0.13}))
    assert (incident.tier, incident.alternatives[0].tier) == (3, 1)
    raised = answer(close({"how_to": 0.45, "outage": 0.40, "access": 0.15}), body=LOSS)
    assert (raised.tier, raised.alternatives[0].tier) == (3, 3)


def test_equal_labels_are_told_apart() -> None:
    (other,) = answer(close({"how_to": 0.5, "outage": 0.5})).alternatives
    assert (other.label, other.confidence) == ("outage", 0.5)


def test_alternatives_are_there_whatever_the_first_reason() -> None:
    said = close({"how_to": 0.45, "outage": 0.40, "access": 0.15})
    cut = replace(said, thresholds={**said.thresholds, "low_confidence.severity": 0.99})
    found = answer(cut)
    assert found.review_reason is ReviewReason.LOW_CONFIDENCE
    assert [other.label for other in found.alternatives] == ["outage"]
    assert answer(said, body="").alternatives == ()


def test_a_model_without_incident_labels_can_not_disagree() -> None:
    said = Prediction({"issue_type": head(["vpn", "mail"], "vpn")}, False, MODEL)
    assert answer(said, body=LOSS).review_reason is None
    assert answer(Prediction({}, False, MODEL), body=LOSS).review_reason is None


def test_nothing_is_changed_by_asking() -> None:
    ticket, said = Ticket(body=LOSS, current_tier=1), prediction()
    before = (ticket.model_dump(), repr(said), POLICY.version)
    recommend(ticket, said, POLICY, NOW)
    assert (ticket.model_dump(), repr(said), POLICY.version) == before

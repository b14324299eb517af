"""The decision, cell by cell: where tickets enter, what raises them, what people decide."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from tierline.data.labels import HEADS, IssueType, Sentiment, Severity
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import ReviewReason

from .fakes import (
    LOSS,
    MODEL,
    NOW,
    POLICY,
    answer,
    head,
    policy_with,
    prediction,
    rules,
)

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
    assert enterprise(timedelta(hours=2) + timedelta.resolution) == 2


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


def test_the_answer_carries_its_sources() -> None:
    found = answer(prediction("P2", "bug", "negative"), id="T-1")
    assert (found.id, found.model_version, found.policy_version) == ("T-1", MODEL, POLICY.version)
    assert (found.severity, found.issue_type, found.sentiment) == ("P2", "bug", "negative")
    assert found.severity_confidence == 0.9
    assert (found.mode, found.needs_review, found.review_reason) == ("full", False, None)


def test_nothing_is_changed_by_asking() -> None:
    ticket, said = Ticket(body=LOSS, current_tier=1), prediction()
    before = (ticket.model_dump(), repr(said), POLICY.version)
    recommend(ticket, said, POLICY, NOW)
    assert (ticket.model_dump(), repr(said), POLICY.version) == before

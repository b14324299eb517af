"""The assessment, what would change the tier, and advice to step down or close."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.ticket import DIMENSIONS, HandAssessment, Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Exclusion
from tierline.serving.routing import question
from tierline.serving.routing.decision import tier_of
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.teams.answers import Change
from tierline.serving.teams.exclusions import Exclusions
from tierline.serving.teams.would_change import MOST

from ..fakes import BREACH, LOSS, NOW, POLICY, answer, default_dict, head, policy_with, prediction
from ..fakes import rules as rules_of
from ..test_recommend_properties import PROFILE, policies, predictions, tickets
from .test_choice import exclusions, placed


def levels(found: Recommendation) -> list[int]:
    return [getattr(found.assessment, name).level for name in DIMENSIONS]


@pytest.mark.parametrize(
    ("said", "fields", "expected"),
    [
        (prediction("P4"), {}, [0, 0, 0, 0]),
        (prediction("P3", "integration"), {}, [1, 1, 0, 1]),
        (prediction("P2", "bug"), {"customer_tier": "enterprise"}, [2, 2, 1, 2]),
        (prediction("P1", "outage"), {"customer_tier": "enterprise"}, [3, 2, 3, 3]),
        (prediction("P2"), {"sites_affected": 2}, [3, 0, 0, 2]),
        (prediction("P4"), {"body": "The whole  TEAM asks our lawyer"}, [2, 0, 2, 0]),
        (prediction("P4"), {"attempts": 4, "order_value": 1001}, [0, 2, 2, 0]),
        (None, {"body": LOSS}, [0, 0, 3, 0]),
        (None, {}, [0, 0, 0, 0]),
    ],
)
def test_levels_follow_the_policys_rules(
    said: Prediction | None, fields: dict[str, Any], expected: list[int]
) -> None:
    found = answer(said, **fields)
    assert levels(found) == expected
    assert found.assessment.total == sum(expected)


def test_each_level_names_what_gave_it() -> None:
    found = answer(prediction("P2"), body="everyone waits", sites_affected=2, order_value=2000.0)
    assert found.assessment.customer_impact.evidence == ("severity: P2", "sites affected: 2")
    assert found.assessment.business_risk.evidence == ("order value: 2000",)
    assert found.assessment.technical_complexity.evidence == ()
    alarmed = answer(None, body=BREACH).assessment.business_risk
    assert alarmed.evidence == ("safety: security_breach",)


def by_hand(**set_to: int) -> dict[str, Any]:
    return {"assessment": set_to}


def test_a_level_by_hand_counts_and_is_marked() -> None:
    found = answer(prediction("P2"), **by_hand(customer_impact=0)).assessment
    assert (found.customer_impact.level, found.customer_impact.by_hand) == (0, True)
    assert found.customer_impact.evidence == ("set by hand",)
    assert not found.time_sensitivity.by_hand
    assert found.total == 2


GRAVE = {"business_risk": 3, "technical_complexity": 3}


@pytest.mark.parametrize(
    ("said", "set_to", "tier"),
    [
        (prediction("P4"), {"customer_impact": 3}, 3),
        (prediction("P4"), {"customer_impact": 2}, 1),
        (prediction("P4"), GRAVE | {"time_sensitivity": 2}, 3),
        (prediction("P4"), GRAVE | {"time_sensitivity": 1}, 1),
        (prediction("P2", "bug"), {"business_risk": 2}, 3),
        (prediction("P2", "bug"), {"business_risk": 1}, 2),
        (prediction("P1"), dict.fromkeys(DIMENSIONS, 0), 3),
        (prediction("P4", "feature_request"), {"customer_impact": 3}, 4),
    ],
)  # fmt: skip
def test_what_an_agent_sets_can_raise_and_never_lowers(
    said: Prediction, set_to: dict[str, int], tier: int
) -> None:
    found = answer(said, **by_hand(**set_to))
    assert found.tier == tier
    asked = "assessment.asks" in rules_of(found)
    assert asked == (tier > answer(said).tier or set_to == {"customer_impact": 3})


def test_the_highest_of_what_is_asked_for_counts() -> None:
    asks = [{"total": 1, "tier": 2}, {"business_risk": 1, "tier": 4}, {"total": 2, "tier": 3}]
    own = policy_with(assessment={"asks": asks})
    found = answer(prediction("P4"), own, **by_hand(business_risk=2))
    assert (found.tier, found.reasons[-1].evidence) == (4, ("business_risk: 2",))


def loud(**asked: int) -> Any:
    """A policy in which a word gives impact 3, which asks for tier 3 if a person stated it."""
    rule = {"level": 3, "when": {"phrases": ["loud"]}}
    return policy_with(assessment={"customer_impact": [rule], "asks": [{"tier": 3, **asked}]})


def test_a_word_on_one_level_says_nothing_of_another() -> None:
    one = answer(prediction("P4"), loud(customer_impact=3), body="loud", **by_hand(business_risk=1))
    assert one.tier == 1
    total = answer(prediction("P4"), loud(total=4), body="loud", **by_hand(business_risk=1))
    assert total.tier == 3


def test_a_level_that_is_high_enough_needs_a_persons_word_only() -> None:
    found = answer(prediction("P4"), loud(customer_impact=2), body="loud")
    assert "tier 3 if an agent sets customer impact to 3" in changes(found)


def test_what_would_change_minds_the_exclusions() -> None:
    never = Exclusions((Exclusion(to_team="technical-support", product="Till"),))
    ticket = Ticket(body="x", product="Till")
    found = recommend(ticket, prediction("P4"), POLICY, NOW, never)
    assert "tier 3 if it is P2" in changes(found)


def test_grave_facts_alone_raise_nothing() -> None:
    grave: dict[str, Any] = {
        "customer_tier": "enterprise",
        "body": "everyone, deadline, gdpr, stack trace",
    }
    found = answer(prediction("P2", "bug"), **grave)
    assert (found.assessment.total, found.tier) == (8, 2)
    assert "assessment.asks" not in rules_of(found)


@PROFILE
@given(tickets(), predictions, policies())
def test_without_a_persons_word_the_guideline_changes_no_answer(
    ticket: Ticket, said: Prediction | None, policy: Any
) -> None:
    without = policy.model_copy(
        update={"assessment": policy.assessment.model_copy(update={"asks": ()})}
    )
    unjudged = ticket.model_copy(update={"assessment": None, "sites_affected": None})
    one, other = (recommend(unjudged, said, p, NOW) for p in (policy, without))
    assert (one.tier, one.reasons) == (other.tier, other.reasons)


def changes(found: Recommendation) -> list[str]:
    return [change.text for change in found.would_change]


def test_the_answer_says_what_would_change_it() -> None:
    assert changes(answer(prediction("P2"))) == [
        "tier 3 if more than one site is affected",
        "tier 3 if it is P1",
        "tier 1 if it is P3",
        "tier 3 if an agent sets customer impact to 3",
    ]
    angry = answer(prediction("P4", sentiment="very_negative"), customer_tier="enterprise")
    assert changes(angry) == [
        "tier 2 if there were more than 3 attempts",
        "tier 2 if it has waited more than 2h",
        "tier 2 if it is P2",
        "tier 3 if an agent sets customer impact to 3",
    ]
    waited = answer(prediction("P4"), customer_tier="smb", waited_minutes=121)
    assert changes(waited)[0] == "tier 2 if the customer is enterprise"


def test_what_is_true_already_would_change_nothing() -> None:
    found = answer(prediction("P2"), sites_affected=5)
    assert found.tier == 3
    assert "sites" not in " ".join(changes(found))


def test_no_fact_moves_a_locked_ticket() -> None:
    assert answer(prediction("P2"), current_tier=2, locked_by_human=True).would_change == ()
    assert answer(prediction("P2"), locked_by_human=True).would_change != ()


@pytest.mark.parametrize("place", [{"current_tier": 2}, {"team": "technical-support"}])
def test_what_would_change_a_locked_ticket_isnt_looked_for(
    monkeypatch: pytest.MonkeyPatch, place: dict[str, Any]
) -> None:
    asked: list[int] = []

    def noted(*about: Any) -> int:
        asked.append(tier_of(*about))
        return asked[-1]

    monkeypatch.setattr(question, "tier_of", noted)
    assert answer(None, **place, locked_by_human=True).would_change == ()
    assert asked == []
    answer(None, **place)
    assert asked != []


def applied(
    ticket: Ticket, said: Prediction | None, change: Change
) -> tuple[Ticket, Prediction] | None:
    """The ticket and the prediction with the fact as it might be; None where none can be made."""
    if said is None:
        return None
    if change.fact == "severity":
        if "severity" not in said.heads:
            return None
        was = said.heads["severity"]
        heads = {**said.heads, "severity": replace(was, label=change.value)}
        return ticket, replace(said, heads=heads)
    name, _, dimension = change.fact.partition(".")
    value: Any = change.value
    if dimension:
        hand = ticket.assessment.model_dump() if ticket.assessment else {}
        value = HandAssessment(**hand | {dimension: change.value})
    return Ticket(**ticket.model_dump() | {name: value}), said


@PROFILE
@given(placed(), predictions, policies() | st.just(POLICY), exclusions)
def test_what_would_change_the_tier_does(
    ticket: Ticket, said: Prediction | None, policy: Any, never: Exclusions
) -> None:
    found = recommend(ticket, said, policy, NOW, never)
    assert len(found.would_change) <= MOST
    for change in found.would_change:
        assert change.tier != found.tier
        changed = applied(ticket, said, change)
        if changed is not None and found.review_reason != "empty":
            other, then = changed
            assert recommend(other, then, policy, NOW, never).tier == change.tier


CALMER: dict[str, Any] = {"earlier_sentiment": "very_negative", "earlier_severity": "P1"}


def test_advice_to_step_down_says_what_is_gone() -> None:
    found = answer(prediction("P3"), current_tier=3, status=" Fixed", **CALMER)
    assert (found.tier, found.reasons[-1].rule) == (3, "advice.step_down")
    assert found.reasons[-1].evidence == (
        "status: Fixed",
        "severity: P1 → P3",
        "sentiment: very_negative → neutral",
    )
    worse = answer(prediction("P3"), current_tier=3, earlier_sentiment="positive",
                   earlier_severity="P4", status="open")  # fmt: skip
    assert worse.reasons[-1].evidence == ()


def test_what_is_fixed_needs_no_more_than_its_owners_tier() -> None:
    found = answer(prediction("P2", "billing"), current_tier=2, status="fixed")
    assert (found.tier, rules_of(found)[1]) == (2, "advice.step_down")
    assert "tier 1" in found.reasons[1].text
    for fields in ({"status": "open"}, {"current_tier": 1, "status": "fixed"}):
        calm = answer(prediction("P2", "billing"), **{"current_tier": 2} | fields)
        assert "advice.step_down" not in rules_of(calm)
    unsafe = answer(None, body=LOSS, current_tier=3, status="fixed")
    assert "advice.step_down" not in rules_of(unsafe)


def test_what_is_solved_could_be_closed() -> None:
    found = answer(prediction("P4"), status="SOLVED")
    assert (found.tier, found.reasons[-1].rule) == (1, "advice.close")
    assert found.reasons[-1].evidence == ("status: SOLVED",)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "open"},
        {"status": None},
        {"status": "solved", "body": LOSS},
        {"status": "solved", "earlier_sentiment": "positive"},
    ],
)
def test_closing_is_not_advised(fields: dict[str, Any]) -> None:
    assert "advice.close" not in rules_of(answer(prediction("P4"), **fields))


def test_a_locked_ticket_gets_the_same_advice_and_stays() -> None:
    held: dict[str, Any] = {"locked_by_human": True, "current_tier": 3}
    fixed = answer(prediction("P3"), status="fixed", **held, **CALMER)
    assert (fixed.tier, rules_of(fixed)[-2:]) == (3, ["lock.human", "advice.step_down"])
    assert "severity: P1 → P3" in fixed.reasons[-1].evidence
    settled = answer(prediction("P1"), status="fixed", **held)
    assert (settled.tier, rules_of(settled)[-1]) == (3, "advice.step_down")
    solved = answer(prediction("P4"), status="solved", **held)
    assert (solved.tier, rules_of(solved)[-1]) == (3, "advice.close")
    for status in ("fixed", "solved"):
        unsafe = answer(None, body=LOSS, status=status, **held)
        assert not [rule for rule in rules_of(unsafe) if rule.startswith("advice.")]


def test_the_words_for_settled_are_the_policys() -> None:
    own = policy_with(advice=default_dict()["advice"] | {"close_on": ["Erledigt"]})
    assert "advice.close" in rules_of(answer(prediction("P4"), own, status="erledigt"))
    assert "advice.close" not in rules_of(answer(prediction("P4"), own, status="solved"))


def test_labels_of_ones_own_have_no_better_or_worse_mood() -> None:
    moods = head(["grim", "fine"], "fine")
    said = replace(prediction("P4"), heads={**prediction("P4").heads, "sentiment": moods})
    found = answer(said, current_tier=2, earlier_sentiment="grim", earlier_severity="urgent")
    assert found.reasons[-1].evidence == ()

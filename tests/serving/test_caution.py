"""What the model only suspects raises a ticket from the bundle's threshold on, and never lowers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.labels import LABELS
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.routing.caution import critical_probability, p1_probability
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation

from .fakes import (
    CALM,
    LOSS,
    MODEL,
    NOW,
    POLICY,
    answer,
    default_dict,
    head,
    policy_with,
    prediction,
    rules,
)
from .test_recommend_properties import PROFILE, predictions, tickets


def suspecting(p1: float, threshold: float | None, issue_type: str = "how_to") -> Prediction:
    """A P3 prediction that gives P1 some probability."""
    severity = HeadPrediction("P3", 1 - p1, {"P1": p1, "P2": 0.0, "P3": 1 - p1, "P4": 0.0})
    heads = {"severity": severity, "issue_type": head(LABELS["issue_type"], issue_type, 0.9)}
    limits = {} if threshold is None else {"caution.p1": threshold}
    return Prediction(heads, truncated=False, model_version=MODEL, thresholds=limits)


@pytest.mark.parametrize(("p1", "tier"), [(0.19, 1), (0.2, 3), (0.4, 3)])
def test_a_possible_p1_is_kept_from_the_lower_tiers(p1: float, tier: int) -> None:
    found = answer(suspecting(p1, 0.2))
    assert found.tier == tier
    assert ("caution.p1" in rules(found)) == (tier == 3)
    if tier == 3:
        assert found.path == (3, 4)
        assert f"{p1:.2f}" in next(r.text for r in found.reasons if r.rule == "caution.p1")


def test_without_a_threshold_nothing_is_raised() -> None:
    assert answer(suspecting(0.49, None)).tier == 1


def test_a_p1_needs_no_caution() -> None:
    found = answer(prediction("P1", thresholds={"caution.p1": 0.0}))
    assert found.tier == 3
    assert "caution.p1" not in rules(found)


def test_a_persons_p1_keeps_what_the_model_said_and_moves_nothing() -> None:
    entry = default_dict()["entry"]
    for rule in entry:
        if rule["id"] == "entry.p1":
            rule["path"] = [2, 3]
    policy = policy_with(entry=entry)
    said = prediction("P1", thresholds={"caution.p1": 0.1})
    ours = recommend(Ticket(body=CALM), said, policy, NOW)
    theirs = recommend(Ticket(body=CALM, stated_severity="P1"), said, policy, NOW)
    assert (ours.tier, ours.path) == (theirs.tier, theirs.path) == (2, (2, 3))
    assert ("caution.p1" in rules(ours), "caution.p1" in rules(theirs)) == (False, True)


def test_nobody_is_lowered() -> None:
    assert answer(suspecting(0.3, 0.2, "feature_request")).tier == 4


def test_own_severities_count_by_what_the_policy_says() -> None:
    own = {"Blocker": 0.3, "Major": 0.5, "Stopper": 0.2}
    major = Prediction({"severity": HeadPrediction("Major", 0.5, own)}, False, MODEL)
    policy = policy_with(severity_names={"Blocker": "P1", "Stopper": "P1", "Major": "P3"})
    assert p1_probability(major, policy) == pytest.approx(0.5)
    assert p1_probability(major, POLICY) == 0.0


def test_the_strongest_suspicion_counts() -> None:
    assert critical_probability(prediction(issue_type="data_loss"), POLICY) == 0.9
    assert critical_probability(suspecting(0.3, None, "bug"), POLICY) == 0.3
    assert critical_probability(Prediction({}, False, MODEL), POLICY) == 0.0


@pytest.mark.parametrize(
    ("score", "said"),
    [
        ("unsupported_language", "but the model isn't sure: it knows little of this language"),
        ("out_of_distribution", "but the model isn't sure: it has learnt from no ticket like this"),
        (None, ""),
    ],
)
def test_a_suspicion_about_a_text_that_the_model_can_not_judge_says_so(
    score: str | None, said: str
) -> None:
    limits = {"safety.data_loss": 0.0, "caution.p1": 0.0} | ({score: 1.0} if score else {})
    strange = replace(prediction(thresholds=limits), scores={score: 2.0} if score else {})
    found = answer(strange)
    told = {reason.rule: reason.text for reason in found.reasons}
    for rule in ("safety.model.data_loss", "caution.p1"):
        assert said in told[rule]
        assert ("sure" in told[rule]) == bool(said)
    # The doubt lowers nothing.
    assert (found.tier, found.team, found.notify) == (3, "incident-response", ("on_call",))


def stated(severity: str, said: Prediction | None, **fields: Any) -> Recommendation:
    return recommend(Ticket(body=CALM, stated_severity=severity, **fields), said, POLICY, NOW)


def test_a_persons_severity_takes_the_place_of_the_models() -> None:
    found = stated(
        "P1", prediction("P4", confidence=0.3, thresholds={"low_confidence.severity": 1})
    )
    assert (found.tier, found.severity, found.severity_confidence) == (3, "P1", None)
    assert found.respond_by == NOW + timedelta(minutes=15)
    assert found.needs_review is False
    reason = next(r for r in found.reasons if r.rule == "assessment.severity")
    assert reason.text == "a person states severity P1; the model said P4 (0.30)"
    close = prediction("P3", confidence=0.3, thresholds={"ambiguous": 1.0})
    assert {a.head for a in stated("P2", close).alternatives} == {"issue_type", "sentiment"}
    assert stated("P2", None).tier == 2


def test_a_persons_severity_lowers_no_safety_floor() -> None:
    for cautious in (suspecting(0.3, 0.2), prediction("P1")):
        found = stated("P4", cautious)
        assert (found.tier, "caution.p1" in rules(found)) == (3, True)
    for said in (None, prediction("P1", "data_loss")):
        found = recommend(Ticket(body=LOSS, stated_severity="P4"), said, POLICY, NOW)
        assert (found.tier, found.team) == (3, "incident-response")
        assert found.respond_by == NOW + timedelta(hours=2)


def test_a_severity_that_the_policy_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="severity: expected P1, P2"):
        stated("huge", None)
    own = policy_with(severity_names={"huge": "P1"})
    ticket = Ticket(body=CALM, stated_severity="huge")
    assert recommend(ticket, None, own, NOW).severity == "huge"


@PROFILE
@given(tickets(), predictions, st.sampled_from(["P1", "P2", "P3", "P4"]))
def test_whatever_a_person_states_incidents_stay_at_tier_3(
    ticket: Ticket, said: Prediction | None, severity: str
) -> None:
    own = recommend(ticket, said, POLICY, NOW)
    stated = ticket.model_copy(update={"stated_severity": severity})
    found = recommend(stated, said, POLICY, NOW)
    alarms = [r for r in own.reasons if r.rule.startswith("safety.")]
    assert [r for r in found.reasons if r.rule.startswith("safety.")] == alarms
    assert found.tier >= 3 or not alarms

"""An answer given before, queued under the severity that a person states now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.queue.entry import Entry, entry_of
from tierline.serving.queue.priority import order, sentence, terms
from tierline.serving.routing.recommend import recommend

from ..fakes import CALM, LOSS, NOW, POLICY, default_dict, policy_with, prediction
from ..test_recommend_properties import PROFILE, predictions, tickets


def queued(
    severity: str | None,
    said: Prediction | None,
    policy: Policy = POLICY,
    now: datetime = NOW,
    **fields: Any,
) -> Entry:
    """The entry of a ticket that was answered at `NOW` before anyone stated a severity."""
    asked = Ticket(**{"id": "a", "body": CALM} | fields)
    answer = recommend(asked, said, policy, NOW)
    stated = asked.model_copy(update={"stated_severity": severity})
    return entry_of(stated, answer, policy, now)


def test_the_score_and_what_comes_first_follow_it() -> None:
    found = queued("P1", prediction("P3"), created_at=NOW)
    assert (found.first, found.severity_said, found.tier) == ("P1", "P1", 3)
    assert found.team == POLICY.tiers[3].owner
    assert found.respond_by == NOW + timedelta(minutes=15)
    (ranked,) = order([found], POLICY.queue, NOW)
    assert "24.0 severity" not in sentence(terms(ranked, POLICY.queue, NOW))
    assert "severity (P1)" in sentence(terms(ranked, POLICY.queue, NOW))


def test_the_ticket_is_queued_as_if_it_were_routed_now() -> None:
    for severity in ("P1", "P2", "P3", "P4"):
        asked = Ticket(id="a", body=CALM, created_at=NOW, stated_severity=severity)
        fresh = entry_of(asked, recommend(asked, prediction("P3"), POLICY, NOW), POLICY, NOW)
        assert queued(severity, prediction("P3"), created_at=NOW) == fresh


def test_without_a_date_it_counts_from_its_answer() -> None:
    later = NOW + timedelta(hours=1)
    found = queued("P1", prediction("P3"), now=later)
    assert (found.respond_by, found.age) == (NOW + timedelta(minutes=15), timedelta(hours=1))


def test_what_the_model_called_p1_still_may_be() -> None:
    found = queued("P4", prediction("P1", "bug"), created_at=NOW)
    assert (found.first, found.may_be_p1, found.tier) == (None, True, 3)
    assert found.respond_by == NOW + timedelta(hours=48)
    # A person said so before: the model didn't.
    asked = Ticket(id="a", body=CALM, stated_severity="P1")
    answer = recommend(asked, prediction("P3"), POLICY, NOW)
    corrected = asked.model_copy(update={"stated_severity": "P4"})
    assert not entry_of(corrected, answer, POLICY, NOW).may_be_p1


def test_a_p1_that_the_model_could_not_rule_out_is_a_p1() -> None:
    cautious = prediction("P3", confidence=0.3, thresholds={"caution.p1": 0.1})
    assert queued(None, cautious).may_be_p1
    found = queued("P1", cautious)
    assert (found.first, found.may_be_p1) == ("P1", False)


def test_what_the_model_could_not_rule_out_outlasts_a_persons_p1() -> None:
    for label in ("P1", "P3"):
        said = prediction(label, confidence=0.3, thresholds={"caution.p1": 0.1})
        asked = Ticket(id="a", body=CALM, created_at=NOW, stated_severity="P1")
        answer = recommend(asked, said, POLICY, NOW)
        assert not entry_of(asked, answer, POLICY, NOW).may_be_p1
        corrected = asked.model_copy(update={"stated_severity": "P4"})
        fresh = entry_of(corrected, recommend(corrected, said, POLICY, NOW), POLICY, NOW)
        found = entry_of(corrected, answer, POLICY, NOW)
        assert found.may_be_p1
        assert (found.tier, found.respond_by) == (fresh.tier, fresh.respond_by)
    # A model without a threshold that says P1 has said it.
    answer = recommend(asked, prediction("P1"), POLICY, NOW)
    assert entry_of(corrected, answer, POLICY, NOW).may_be_p1


def test_a_lock_has_the_deadline_of_the_team_that_it_holds_the_ticket_at() -> None:
    own = default_dict()
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    office = {"time_zone": "UTC", "hours": {day: ["09:00-17:00"] for day in days}}
    own["teams"]["general-support"]["calendar"] = "office"
    policy = policy_with(teams=own["teams"], calendars=own["calendars"] | {"office": office})
    filed = NOW + timedelta(hours=4, minutes=50)
    now = filed + timedelta(hours=3)
    asked = Ticket(id="a", body=CALM, created_at=filed)
    answer = recommend(asked, prediction("P4"), policy, filed)
    placed = {"stated_severity": "P2", "locked_by_human": True, "team": "integrations"}
    locked = asked.model_copy(update=placed)
    fresh = entry_of(locked, recommend(locked, prediction("P4"), policy, now), policy, now)
    found = entry_of(locked, answer, policy, now)
    assert (found.team, found.respond_by) == ("integrations", fresh.respond_by)


def test_a_lock_still_holds_it() -> None:
    placed: dict[str, Any] = {"locked_by_human": True, "team": "integrations"}
    found = queued("P1", prediction("P3"), **placed)
    assert (found.tier, found.team, found.first) == (2, "integrations", "P1")


def test_names_of_the_policys_own_count() -> None:
    own = policy_with(severity_names={"huge": "P1"})
    found = queued("huge", prediction("P3"), own)
    assert (found.first, found.severity_said, found.tier) == ("P1", "huge", 3)


@pytest.mark.parametrize("severity", ["P9", None])
def test_nothing_or_nonsense_changes_nothing(severity: str | None) -> None:
    assert queued(severity, prediction("P2")) == queued("P2", prediction("P2"))


@PROFILE
@given(tickets(), predictions, st.sampled_from(["P1", "P2", "P3", "P4"]))
def test_nothing_stated_lowers_the_safety_floor(
    ticket: Ticket, said: Prediction | None, severity: str
) -> None:
    asked = ticket.model_copy(update={"id": "a"})
    answer = recommend(asked, said, POLICY, NOW)
    before = entry_of(asked, answer, POLICY, NOW)
    stated = asked.model_copy(update={"stated_severity": severity})
    found = entry_of(stated, answer, POLICY, NOW)
    if before.first == "safety":
        assert (found.first, found.tier >= 3) == ("safety", True)
        assert found.respond_by <= max(before.respond_by, NOW + timedelta(hours=2))
    assert found.may_be_p1 or not before.may_be_p1 or severity == "P1"
    assert found.tier >= before.tier


def test_an_incident_keeps_its_deadline() -> None:
    found = queued("P4", None, body=LOSS, created_at=NOW)
    assert (found.first, found.tier, found.respond_by) == ("safety", 3, NOW + timedelta(hours=2))


def test_an_exclusion_keeps_it_from_the_owner_that_it_would_rise_to() -> None:
    never = Exclusion(to_team="senior-engineers", customer="C-1")
    policy = policy_with(exclusions=[never.model_dump()])
    asked = Ticket(id="a", body=CALM, created_at=NOW, customer="C-1", stated_severity="P1")
    fresh = entry_of(asked, recommend(asked, prediction("P3"), policy, NOW), policy, NOW)
    found = queued("P1", prediction("P3"), policy, created_at=NOW, customer="C-1")
    assert (found.tier, found.team) == (fresh.tier, fresh.team) == (4, "engineering-and-product")


def test_a_lock_keeps_tier_team_and_their_deadline() -> None:
    placed: dict[str, Any] = {"current_tier": 1, "locked_by_human": True}
    raw = default_dict()
    raw["calendars"]["office"] = {"hours": {"monday": ["14:00-17:00"]}}
    raw["tiers"]["2"]["calendar"] = "office"
    policy = Policy.model_validate(raw)
    asked = Ticket(id="a", body=CALM, created_at=NOW, stated_severity="P2", **placed)
    said = prediction("P4", "order")
    fresh = entry_of(asked, recommend(asked, said, policy, NOW), policy, NOW)
    found = queued("P2", said, policy, created_at=NOW, **placed)
    assert (found.tier, found.team, found.respond_by) == (fresh.tier, fresh.team, fresh.respond_by)

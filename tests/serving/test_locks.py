"""What people decided stays: locks, and advice to step down."""

from itertools import product
from typing import Any

import pytest

from tierline.data.labels import Severity
from tierline.models.runtime.prediction import Prediction

from .fakes import (
    BREACH,
    LOSS,
    answer,
    prediction,
    rules,
)


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

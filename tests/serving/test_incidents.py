"""Data loss and breaches: by rules, by the model's answer, by its suspicion."""

import pytest

from tierline.models.runtime.prediction import Prediction
from tierline.serving.routing.caution import INCIDENTS

from .fakes import (
    BREACH,
    LOSS,
    MODEL,
    answer,
    explained,
    head,
    prediction,
    rules,
)


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

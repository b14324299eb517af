"""What the model only suspects raises a ticket from the bundle's threshold on, and never lowers."""

import pytest

from tierline.data.labels import LABELS
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.routing.caution import critical_probability, p1_probability

from .fakes import MODEL, POLICY, answer, head, policy_with, prediction, rules


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

"""Why a person should look, and between which labels."""

from dataclasses import replace

import pytest

from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.routing.recommendation import Alternative, ReviewReason

from .fakes import (
    CALM,
    LOSS,
    MODEL,
    answer,
    head,
    prediction,
)

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

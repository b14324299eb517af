"""A retired label is never given, whatever a model that knows it says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tierline.data.labels import LABELS, PROTECTED
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Account, HeadPrediction, Prediction
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.policy import Policy
from tierline.serving.policy.prose import prose
from tierline.serving.routing.recommend import recommend

from .fakes import (
    CALM,
    MODEL,
    NOW,
    POLICY,
    answer,
    explained,
    policy_with,
    prediction,
    predictor,
    rules,
)
from .live.app import eventually

RETIRABLE = {
    head: tuple(label for label in labels if label not in PROTECTED.get(head, {}))
    for head, labels in LABELS.items()
}


def retiring(**labels: Any) -> Policy:
    return policy_with(retired_labels=labels)


@st.composite
def any_prediction(draw: st.DrawFn) -> Prediction:
    """Whatever a model may say; its own label may even not be the likeliest."""
    heads = {}
    for head, labels in LABELS.items():
        shares = st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels))
        probabilities = dict(zip(labels, draw(shares), strict=True))
        label = draw(st.sampled_from(labels))
        heads[head] = HeadPrediction(label, probabilities[label], probabilities)
    return Prediction(heads, draw(st.booleans()), MODEL, {"safety.data_loss": 0.3})


retired_sets = st.fixed_dictionaries(
    {head: st.lists(st.sampled_from(labels), unique=True) for head, labels in RETIRABLE.items()}
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(any_prediction(), retired_sets)
def test_whatever_the_probabilities_a_retired_label_is_never_recommended(
    said: Prediction, retired: dict[str, list[str]]
) -> None:
    policy = retiring(**retired)
    found = recommend(Ticket(body=CALM), said, policy, NOW)
    for head, labels in retired.items():
        label = getattr(found, head)
        assert label not in labels
        quoted = [e for reason in found.reasons for e in reason.evidence]
        assert not {f"{head}: {name}" for name in labels} & set(quoted)
        expected = None if label is None else said.heads[head].probabilities[label]
        assert getattr(found, f"{head}_confidence") == expected
        if said.heads[head].label in labels:
            assert found.needs_review
            assert "labels.retired" in rules(found)


def test_the_likeliest_that_remains_stands_as_unsure_as_it_was() -> None:
    said = prediction(issue_type="configuration", confidence=0.88)
    found = answer(said, retiring(issue_type=["configuration", "access"]))
    assert found.issue_type == "billing"
    assert found.issue_type_confidence == pytest.approx(0.01)
    assert (found.needs_review, found.review_reason) == (True, "low_confidence")
    assert rules(found)[-1] == "labels.retired"
    assert "issue type" in found.reasons[-1].text
    assert "configuration" not in found.model_dump_json()


def test_of_severities_that_remain_the_graver_side_still_answers() -> None:
    chances = {"P1": 0.32, "P2": 0.10, "P3": 0.50, "P4": 0.08}
    said = prediction()
    severity = HeadPrediction("P2", 0.10, chances, quantile=1 / 3)
    said = replace(said, heads={**said.heads, "severity": severity})
    found = answer(said, retiring(severity=["P2"]))
    assert (found.severity, found.severity_confidence, found.tier) == ("P1", 0.32, 3)


def test_a_retired_label_that_is_not_the_answer_changes_nothing_but_the_policy() -> None:
    said = prediction(issue_type="billing")
    found = answer(said, retiring(issue_type=["configuration"]))
    assert found.model_copy(update={"policy_version": POLICY.version}) == answer(said)


def test_nothing_left_is_no_label_and_a_person_looks() -> None:
    only = HeadPrediction("configuration", 1.0, {"configuration": 1.0, "access": 0.0})
    found = answer(
        Prediction({"issue_type": only}, truncated=False, model_version=MODEL),
        retiring(issue_type=["configuration"]),
    )
    assert (found.issue_type, found.issue_type_confidence) == (None, None)
    assert rules(found) == ["entry.fallback", "labels.retired"]
    assert found.review_reason == "low_confidence"


def test_one_label_that_remains_is_never_ambiguous_with_nothing() -> None:
    two = HeadPrediction("access", 0.9, {"access": 0.9, "configuration": 0.1})
    said = Prediction({"issue_type": two}, False, MODEL, {"ambiguous": 0.2})
    assert not answer(said, retiring(issue_type=["configuration"])).needs_review


def test_the_models_suspicion_still_shows_its_words() -> None:
    text = "purple curtains everywhere"
    said = explained(text, "curtains", "security_breach")
    policy = retiring(issue_type=["access", "billing"], severity=["P4"])
    found = answer(said, policy, body=text)
    (reason,) = [r for r in found.reasons if r.rule == "safety.model.security_breach"]
    assert reason.evidence == ("curtains",)


def test_evidence_stays_with_its_label() -> None:
    columns = [(head, name) for head, names in LABELS.items() for name in names]
    said = Prediction(
        prediction().heads,
        truncated=False,
        model_version=MODEL,
        text="word",
        account=Account(
            columns,
            np.arange(len(columns), dtype=np.float32) * 10,
            lambda: ([(0, 4)], np.arange(len(columns), dtype=np.float32)[None, :]),
        ),
    )
    left = said.without({"severity": ["P2"], "issue_type": ["access", "bug"]})
    for head, p in left.heads.items():
        for name in p.probabilities:
            assert left.evidence(head, name) == said.evidence(head, name)
    with pytest.raises(KeyError, match="P2"):
        left.evidence("severity", "P2")
    assert said.without({"severity": ["P7"]}) is said


@pytest.mark.parametrize("label", ["data_loss", "security_breach"])
def test_incidents_can_not_be_retired(label: str) -> None:
    with pytest.raises(ValidationError, match=f"{label} can't be retired: the model's own alarm"):
        retiring(issue_type=[label])


def test_no_label_that_means_p1_can_be_retired() -> None:
    with pytest.raises(ValidationError, match="P1 can't be retired: the worst tickets"):
        retiring(severity=["P1"])
    with pytest.raises(ValidationError, match="Blocker can't be retired"):
        policy_with(severity_names={"Blocker": "P1"}, retired_labels={"severity": ["Blocker"]})


def test_unknown_heads_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"retired_labels\.mood"):
        retiring(mood=["sad"])


def test_the_prose_names_them() -> None:
    assert "Retired" not in prose(POLICY)
    said = prose(retiring(issue_type=["configuration"], sentiment=["positive"]))
    assert "issue_type configuration, sentiment positive" in said


def test_an_explanation_is_of_the_label_that_stands() -> None:
    def say(ticket: Ticket) -> Prediction:
        return explained(ticket.body, "invoice", "how_to")

    app = create_app(retiring(issue_type=["how_to"]), lambda: predictor(say), ApiKeys())
    with TestClient(app) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        asked = {"body": "Where is the invoice page?"}
        found = client.post("/v1/route?explain=true", json=asked).json()
    assert found["explanation"]["issue_type"]["label"] == found["issue_type"] != "how_to"
    assert "how_to" not in str(found)

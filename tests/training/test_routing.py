"""The tier is measured only where the labels tell it and it could be wrong."""

import pytest

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.manifest import Head
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import load_policy
from tierline.training.answers import Answers
from tierline.training.routing import tier_answers

POLICY = load_policy()


def tiers(*truth: str) -> Answers | None:
    """Return the tiers of tickets with these severities, each answered with the first of them."""
    labels = (*dict.fromkeys(truth), "no other")
    rows = [Row(i, Ticket(body="The export stops."), {"severity": s}) for i, s in enumerate(truth)]
    shares = {label: float(label == labels[0]) for label in labels}
    said = Prediction(
        {"severity": HeadPrediction(labels[0], 1.0, shares)}, truncated=False, model_version="x"
    )
    heads = [Head(name="severity", labels=labels, temperature=1.0)]
    return tier_answers(heads, rows, [said] * len(rows), ["2"] * len(rows), POLICY)


def test_rows_with_labels_that_the_policy_does_not_know_are_left_out() -> None:
    found = tiers("P1", "blocker", "P4", "P3", "cosmetic")
    assert found is not None
    assert found.rows.tolist() == [0, 2, 3]
    assert len(set(found.truth.tolist())) > 1


@pytest.mark.parametrize("truth", [("high", "medium", "low"), ("P4", "P4", "P4")])
def test_where_all_belong_in_one_tier_there_is_none_to_measure(truth: tuple[str, ...]) -> None:
    assert tiers(*truth) is None

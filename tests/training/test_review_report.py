"""How many tickets are for a person, why, and whether the sure rest is as good as promised."""

import json
from dataclasses import replace

import numpy as np

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import load_policy
from tierline.serving.routing.recommend import recommend
from tierline.training.answers import TIER, Answers
from tierline.training.review_report import measure_review
from tierline.training.routing import _NOW


def test_reasons_and_errors_are_counted() -> None:
    limits = {"low_confidence.sentiment": 0.7}
    confidences = (0.6, 0.69, 0.7, 0.8, 0.9)
    said = [
        Prediction(
            {"sentiment": HeadPrediction("neutral", c, {"neutral": c, "positive": 1 - c})},
            False,
            "m",
            limits,
        )
        for c in confidences
    ]
    said[4] = replace(said[4], truncated=True)
    tickets = [Ticket(body="The page is slow.")] * 5
    policy = load_policy()
    answers = [recommend(t, p, policy, _NOW) for t, p in zip(tickets, said, strict=True)]
    labels = ("neutral", "positive")
    predicted = np.zeros(4, dtype=np.int64)
    truth = np.array([1, 0, 1, 0])  # of rows 0, 2, 3, 4; row 1 has no label
    rows = np.array([0, 2, 3, 4])
    sure = Answers("sentiment", labels, rows, truth, predicted, np.array([0.6, 0.7, 0.8, 0.9]))
    found = measure_review(answers, said, {"sentiment": sure, TIER: sure})
    counts = {reason: (s.hits, s.count) for reason, s in found.reasons.items()}
    assert counts == {"low_confidence": (2, 5), "truncated": (1, 5), "none": (2, 5)}
    assert list(found.reasons) == ["low_confidence", "truncated", "none"]
    assert {h: (s.hits, s.count) for h, s in found.errors.items()} == {"sentiment": (1, 3)}
    assert json.dumps(found.as_json())

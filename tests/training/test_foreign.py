"""How well foreign texts are told: the field's AUROC, and shares at the bundle's threshold."""

import json
from io import StringIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.metrics import roc_auc_score

from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.training import foreign
from tierline.training.foreign import UNSURE, auroc, measure_foreign

VALUES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=30)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "RESAMPLES", 50)


@given(VALUES, VALUES)
@settings(max_examples=30)
def test_the_area_is_scikit_learns(texts: list[float], tickets: list[float]) -> None:
    found = auroc(np.array(texts), np.array(tickets))
    assert found is not None
    truth = [1] * len(texts) + [0] * len(tickets)
    assert found.value == pytest.approx(roc_auc_score(truth, texts + tickets))
    assert 0 <= found.low <= found.high <= 1


def test_no_area_without_scores() -> None:
    assert auroc(np.array([]), np.array([1.0])) is None
    assert auroc(np.array([1.0]), np.array([])) is None


def said(confidence: float = 0.9, limit: float | None = 2.0, **scores: float) -> Prediction:
    limits = {} if limit is None else dict.fromkeys(scores, limit)
    head = HeadPrediction("a", confidence, {"a": confidence, "b": 1 - confidence})
    return Prediction({"x": head}, False, "m", limits, scores=scores)


def test_shares_count_what_is_above_the_threshold() -> None:
    texts = [said(0.6, out_of_distribution=s) for s in (1.0, 2.5, 3.0)]
    tickets = [said(0.9, out_of_distribution=s) for s in (0.5, 1.5, 2.1, 2.0)]
    found = measure_foreign("poems", texts, tickets)
    told = found.told["out_of_distribution"]
    assert told.found is not None
    assert told.alarms is not None
    assert (told.found.hits, told.found.count) == (2, 3)
    assert (told.alarms.hits, told.alarms.count) == (1, 4)
    assert told.auroc is not None
    assert told.auroc.value == pytest.approx(9 / 12)
    yardstick = found.told[UNSURE]
    assert yardstick.auroc is not None
    assert (yardstick.auroc.value, yardstick.found) == (1, None)


def test_texts_too_short_to_judge_count_as_not_found() -> None:
    limits = {"unsupported_language": 2.0}
    long = Prediction({}, False, "m", limits, scores={"unsupported_language": 3.0})
    short = Prediction({}, False, "m", limits)
    told = foreign._told("unsupported_language", [long, short], [short])
    assert told.found is not None
    assert (told.found.hits, told.found.count, told.auroc) == (1, 2, None)


def test_an_older_bundle_tells_nothing_but_still_reports() -> None:
    old = [said(0.7, None)]
    found = measure_foreign("poems", old, old)
    assert found.told["out_of_distribution"] == foreign.Told(None, None, None)
    assert json.dumps(found.as_json())
    shown = Console(file=StringIO(), width=150)
    shown.print(found.table("tickets"))
    assert "poems (1 texts) told from tickets" in shown.file.getvalue()  # type: ignore[attr-defined]

"""Every reason for a person's look, end to end: a bundle from disk, a router, an answer."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tierline.data.ticket import Ticket
from tierline.models.runtime import Bundle, Prediction, Predictor
from tierline.models.runtime.manifest import STRANGENESS
from tierline.serving.policy import load_policy
from tierline.serving.routing.recommendation import Recommendation, ReviewReason
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = "Office Bern: the invoice charged my card twice. one large team is blocked. please advise."
GERMAN = "Unsere Rechnung wurde zweimal abgebucht, bitte schnell erstatten"
SCORED = {"out_of_distribution", "unsupported_language"}
#: Too short for their language to be judged.
ODD = ("furious Graz furious", "Turin Turin Ghent", "+++ 4711 0815 ???", "lovely lovely Oslo", "xx")
Route = Callable[..., Recommendation]


@pytest.fixture
def route(predictor: Predictor) -> Route:
    router = Router(load_policy(), predictor)
    return lambda body: router.route([Ticket(body=body)], NOW)[0]


@pytest.fixture
def with_limits(trained: Trained) -> Iterator[Callable[..., Predictor]]:
    """The bundle with other thresholds."""
    opened: list[Predictor] = []

    def load(limits: dict[str, float]) -> Predictor:
        bundle = Bundle.load(trained.out)
        manifest = bundle.manifest.model_copy(update={"thresholds": limits})
        opened.append(Predictor(Bundle(bundle.folder, manifest), threads=1))
        return opened[-1]

    yield load
    for predictor in opened:
        predictor.close()


def test_usual_tickets_are_for_nobody(route: Route, tickets: Path) -> None:
    rows = [json.loads(line) for line in tickets.read_text(encoding="utf-8").splitlines()]
    found = [route(row["body"]).review_reason for row in rows if row["split"] == "test"]
    assert found.count(None) >= 0.8 * len(found)
    assert not SCORED & {str(reason) for reason in found}


def test_empty(route: Route) -> None:
    assert route(" \n").review_reason is ReviewReason.EMPTY


def test_unsupported_language(route: Route) -> None:
    assert route(GERMAN).review_reason is ReviewReason.UNSUPPORTED_LANGUAGE


def test_out_of_distribution(route: Route) -> None:
    found = {route(text).review_reason for text in ODD}
    assert ReviewReason.OUT_OF_DISTRIBUTION in found


def test_rule_conflict(route: Route) -> None:
    # Rules read quoted mail, the model doesn't.
    found = route(f"{USUAL}\n> our account was hacked")
    assert found.review_reason is ReviewReason.RULE_CONFLICT
    assert found.tier == 3


def test_truncated(route: Route) -> None:
    assert route(f"{USUAL} " * 12).review_reason is ReviewReason.TRUNCATED


def test_low_confidence(with_limits: Callable[..., Predictor]) -> None:
    router = Router(load_policy(), with_limits({"low_confidence.severity": 1.1}))
    assert router.route([Ticket(body=USUAL)], NOW)[0].review_reason is ReviewReason.LOW_CONFIDENCE


def test_ambiguous(with_limits: Callable[..., Predictor]) -> None:
    predictor = with_limits({"ambiguous": 1.1})
    found = Router(load_policy(), predictor).route([Ticket(body=USUAL)], NOW)[0]
    assert found.review_reason is ReviewReason.AMBIGUOUS
    said = predictor.predict([Ticket(body=USUAL)])[0]
    for other in found.alternatives:
        head = said.heads[other.head]
        second = sorted(head.probabilities.values())[-2]
        assert (other.confidence, head.probabilities[other.label]) == (second, second)
        assert other.label != head.label
    assert [other.head for other in found.alternatives] == list(said.heads)


def test_degraded(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Sequence[Ticket]) -> list[Prediction]:
        raise RuntimeError

    predictor = Predictor.load(trained.out, threads=1)
    monkeypatch.setattr(predictor, "predict", fail)
    for answering in (None, predictor):
        router = Router(load_policy(), answering)
        assert router.route([Ticket(body=USUAL)], NOW)[0].review_reason is ReviewReason.DEGRADED
    predictor.close()


def test_a_bundle_of_an_earlier_version_answers_without_the_two_scores(trained: Trained) -> None:
    bundle = Bundle.load(trained.out)
    kept = {name: limit for name, limit in bundle.manifest.thresholds.items() if name not in SCORED}
    files = {name: digest for name, digest in bundle.manifest.files.items() if name != STRANGENESS}
    assert len(kept) == len(bundle.manifest.thresholds) - 2
    old = bundle.manifest.model_copy(update={"thresholds": kept, "files": files})
    predictor = Predictor(Bundle(bundle.folder, old), threads=1)
    new = Predictor.load(trained.out, threads=1)
    texts = [Ticket(body=text) for text in (USUAL, GERMAN, *ODD)]
    for before, after in zip(predictor.predict(texts), new.predict(texts), strict=True):
        assert before.scores == {}
        same: dict[str, Any] = {"scores": {}, "thresholds": {}, "model_version": ""}
        assert replace(before, **same) == replace(after, **same)
    router = Router(load_policy(), predictor)
    assert not SCORED & {str(r.review_reason) for r in router.route(texts, NOW)}
    predictor.close()
    new.close()

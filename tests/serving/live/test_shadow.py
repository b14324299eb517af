"""A challenger answers unseen: what it says is compared, and costs nobody anything."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.live.metrics import Metrics
from tierline.serving.live.options import Live
from tierline.serving.live.shadow import Shadow
from tierline.serving.routing.router import Router

from ..fakes import BREACH, CALM, NOW, POLICY, broken, prediction, predictor
from .app import PATIENCE, eventually, figures, serving


def challenger(say: Any, version: str = "challenger-1") -> Live:
    return Live(shadow=lambda: predictor(say, version=version))


def shadow(client: Any) -> Any:
    return client.get("/v1/model").json()["shadow"]


def test_agreement_per_head_and_tier() -> None:
    def say(ticket: Ticket) -> Prediction:
        return prediction(severity="P1" if ticket.id == "worse" else "P3")

    with serving(predictor, live=challenger(say)) as client:
        eventually(lambda: shadow(client)["model_version"] == "challenger-1")
        assert shadow(client)["agrees"] == {}
        tickets = [{"id": "worse", "body": CALM}, {"body": CALM}, {"body": BREACH}, {"body": CALM}]
        answers = client.post("/v1/route/batch", json={"tickets": tickets}).json()["answers"]
        assert {one["model_version"] for one in answers} == {"fake-0123456789ab"}
        assert [one["severity"] for one in answers] == ["P3"] * 4
        eventually(lambda: shadow(client)["compared"] == 4)
        found = shadow(client)
        assert found["agrees"] == {
            "severity": 0.75, "issue_type": 1.0, "sentiment": 1.0, "tier": 0.75
        }  # fmt: skip
        assert found["by_tier"] == {"1": 0.6667, "3": 1.0}
        counted = figures(client)
        assert counted['tierline_shadow_total{agrees="no",head="severity"}'] == 1
        assert counted['tierline_shadow_tiers_total{challenger="3",tier="1"}'] == 1
        assert counted['tierline_shadow_tiers_total{challenger="3",tier="3"}'] == 1


def test_a_challenger_that_hangs_or_breaks_delays_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tierline.serving.live.shadow._MOST_WAITING", 4)
    done = threading.Event()

    def hang(ticket: Ticket) -> Prediction:
        if ticket.body == CALM:
            assert done.wait(PATIENCE)
            return broken(ticket)
        return prediction()

    with serving(predictor, live=challenger(hang)) as client:
        eventually(lambda: shadow(client)["model_version"] is not None)
        batch = {"tickets": [{"body": CALM}] * 8}
        assert client.post("/v1/route/batch", json=batch).status_code == 200
        # 4 wait, one is being compared; the rest is skipped.
        assert shadow(client)["skipped"] >= 3
        assert shadow(client)["compared"] == 0
        done.set()
        eventually(lambda: 'tierline_shadow_skipped_total{reason="failed"}' in figures(client))


def test_without_a_good_challenger_nothing_is_compared(caplog: pytest.LogCaptureFixture) -> None:
    with serving(predictor, live=challenger(broken)) as client:
        eventually(lambda: shadow(client)["problem"] is not None)
        assert client.post("/v1/route", json={"body": CALM}).json()["mode"] == "full"
        eventually(lambda: shadow(client)["skipped"] == 1)
        assert client.get("/readyz").json() == {"status": "full", "problem": None}
        found = figures(client)
        assert found["tierline_model_problem"] == 0
        loads = {k: v for k, v in found.items() if k.startswith("tierline_model_loads_total")}
        assert loads == {'tierline_model_loads_total{result="swapped"}': 1}
    said = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("no challenger to compare with") for line in said)
    assert not any("rules only" in line for line in said)
    with serving(None, live=challenger(None)) as client:
        client.post("/v1/route", json={"body": CALM})
        eventually(lambda: shadow(client)["model_version"] is not None)
        assert (shadow(client)["compared"], shadow(client)["skipped"]) == (0, 0)


def versioned(version: str, severity: str = "P3") -> Router:
    said = replace(prediction(severity=severity), model_version=version)
    return Router(POLICY, predictor(lambda _: said, version=version))


@pytest.mark.parametrize("moved", ["challenger", "champion"])
def test_agreement_is_of_the_two_models_in_place(moved: str) -> None:
    """Figures of a model from before would speak for or against the one that took its place."""
    place = {"champion": versioned("a"), "challenger": versioned("x")}
    found = Shadow(lambda: place["champion"], lambda: place["challenger"], lambda: True, Metrics())

    def answer(by: Router) -> None:
        by.watch = found.watch
        by.decide([Ticket(body=CALM)], NOW)

    def told() -> tuple[int, float | None]:
        agreement = found.agreement(None)
        return agreement.compared, agreement.agrees.get("severity")

    found.start()
    try:
        answer(place["champion"])
        eventually(lambda: told() == (1, 1.0))
        place[moved] = versioned("new", "P1")
        assert told() == (0, None)
        answer(place["champion"])
        eventually(lambda: told() == (1, 0.0))
    finally:
        found.close()


def test_a_late_answer_of_the_model_from_before_counts_for_nobody() -> None:
    present, before = versioned("a"), versioned("before")
    found = Shadow(lambda: present, lambda: versioned("x"), lambda: True, Metrics())
    found.start()
    try:
        for router in (present, before):
            router.watch = found.watch
            router.decide([Ticket(body=CALM)], NOW)
        eventually(lambda: found.agreement(None).skipped == 1)
        assert found.agreement(None).compared == 1
    finally:
        found.close()

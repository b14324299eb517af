"""The queue over HTTP: what it answers, what it refuses, and what it never repeats."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.errors import InputError
from tierline.serving.http.queue_api import MAX_QUEUED, MAX_UNANSWERED
from tierline.serving.live.limits import Limits
from tierline.serving.live.options import Live

from ..answering import PLANTED, serving
from ..fakes import CALM, LOSS, POLICY
from ..live.app import figures
from ..live.app import serving as server

PATH = "/v1/queue/order"
FILED = {"created_at": "2025-03-10T12:00:00Z"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving() as client:
        yield client


def tickets(*texts: str) -> list[dict[str, Any]]:
    return [{"id": f"T-{n}", "body": text} | FILED for n, text in enumerate(texts)]


def order(client: TestClient, **asked: Any) -> dict[str, Any]:
    response = client.post(PATH, json=asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_tickets_are_ordered_and_given_out(client: TestClient) -> None:
    found = order(client, tickets=tickets(CALM, LOSS))
    assert [t["id"] for t in found["tickets"]] == ["T-1", "T-0"]
    first = found["tickets"][0]
    assert (first["rank"], first["first"], first["team"]) == (1, "safety", "incident-response")
    assert first["terms"][0]["name"] == "severity"
    assert sum(t["points"] for t in first["terms"]) == pytest.approx(first["points"], abs=1e-3)
    assert found["teams"]["incident-response"]["holds"] == 1
    assert found["policy_version"] == POLICY.version


def test_overdue_and_late_are_two_lists_and_since_is_carried_on(client: TestClient) -> None:
    asked: list[dict[str, Any]] = [*tickets(CALM), {"id": "bare", "body": CALM}]
    found = order(client, tickets=asked)
    assert (found["overdue"], found["late"]) == (["T-0"], [])
    assert {t["id"]: t["overdue"] for t in found["tickets"]} == {"T-0": True, "bare": False}
    assert found["teams"]["general-support"]["overdue"] == 1
    assert found["tickets"][0]["since"] == FILED["created_at"]
    asked[1]["since"] = "2020-01-01T00:00:00"
    again = order(client, tickets=asked)["tickets"][0]
    assert (again["id"], again["since"]) == ("bare", "2020-01-01T00:00:00Z")


def test_answers_given_before_stand_and_need_no_words(client: TestClient) -> None:
    asked = tickets(CALM, LOSS)
    answers = client.post("/v1/route/batch", json={"tickets": asked}).json()["answers"]
    bare = [{"id": t["id"]} | FILED for t in asked]
    before, again = order(client, tickets=asked), order(client, tickets=bare, answers=answers)
    assert [(t["id"], t["first"]) for t in again["tickets"]] == [
        (t["id"], t["first"]) for t in before["tickets"]
    ]


def test_it_can_only_order(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise InputError("needs scipy: pip install 'tierline[queue]'")

    monkeypatch.setattr("tierline.serving.queue.allocate.need_scipy", missing)
    found = order(client, tickets=tickets(CALM), allocate=False)["tickets"][0]
    assert (found["team"], found["in_time"], found["own_team"]) == (None, None, "general-support")
    response = client.post(PATH, json={"tickets": tickets(CALM)})
    assert (response.status_code, "tierline[queue]" in response.json()["error"]) == (501, True)


def answered(team: str = "general-support", **fields: Any) -> dict[str, Any]:
    return {"id": "T-0", "tier": 1, "team": team, "respond_by": "2025-03-10T13:00:00Z",
            "reasons": []} | fields  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tickets": []}, "tickets"),
        ({"tickets": [{"body": PLANTED}]}, "tickets.0.id"),
        ({"tickets": [{"id": "a"}] * (MAX_QUEUED + 1)}, "at most 5000"),
        ({"tickets": [{"id": str(n)} for n in range(MAX_UNANSWERED + 1)]},
         "expected one for all but 256 tickets; 257 have none"),
        ({"tickets": [{"id": PLANTED}] * 2}, "tickets: expected every id once; 1 come more often"),
        ({"tickets": [{"id": "T-0"}], "answers": [answered()] * 2}, "answers: expected every id"),
        ({"tickets": [{"id": "T-0"}], "answers": [answered(PLANTED)]},
         "answers: team: expected a team of the policy"),
        ({"tickets": [{"id": "T-0"}], "answers": [answered(tier=7)]}, "answers.0.tier"),
        ({"tickets": [{"id": "T-0"}], "answers": [answered(reasons="[" * 100_000)]},
         "answers.0.reasons"),
        ({"tickets": [{"id": "T-0", "attempts": -1}]}, "tickets.0.attempts"),
        ({"tickets": [{"id": "T-0"}], "head": 3}, "head"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(client: TestClient, asked: Any, said: str) -> None:
    response = client.post(PATH, json=asked)
    assert response.status_code == 422
    assert said in response.text
    assert PLANTED not in response.text


def test_tickets_without_an_answer_count_as_in_a_batch() -> None:
    live = Live(Limits(rate=0.001, burst=3), threads=1)
    with server(None, live=live) as client:
        asked = {"tickets": tickets(CALM, CALM, LOSS)}
        found = client.post(PATH, json=asked)
        assert (found.status_code, client.post(PATH, json=asked).status_code) == (200, 429)
        counted = figures(client)
        assert counted["tierline_request_tickets_count"] == 1
        assert counted["tierline_request_tickets_sum"] == 3


def test_it_is_as_guarded_as_the_rest() -> None:
    with serving(keys="secret-key-of-16-chars") as client:
        assert client.post(PATH, json={"tickets": tickets(CALM)}).status_code == 401

"""A severity that a person states: the decision that is answered is the one that is kept."""

from typing import Any

import pytest

from tierline.serving.store.decisions import Archive
from tierline.serving.store.difference import difference
from tierline.serving.store.forms import CorrectionForm
from tierline.serving.store.remembered import Remembered
from tierline.serving.store.replay import replay
from tierline.serving.store.schema import feedback
from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS, NOW, POLICY, policy_with, prediction, predictor
from .making import decided, find, rows, ticket
from .test_store_api import serving

ASK: dict[str, Any] = {"id": "T-1", "body": CALM}


def sources() -> list[Any]:
    return [None, lambda: predictor(lambda _: prediction("P3"))]


@pytest.mark.parametrize("source", sources())
def test_a_hand_off_keeps_the_decision_that_it_answers(made: Store, source: Any) -> None:
    with serving(made, source) as client:
        said = client.post("/v1/handoff", json={"ticket": ASK, "notes": {"severity": "P1"}})
        name, packet = said.headers["X-Tierline-Decision"], said.json()["packet"]
        made.put_correction(CorrectionForm(ticket="T-1", severity="P2"))
    stored = find(made, name)
    kept = stored.row["recommendation"]
    same = ("tier", "team", "severity", "respond_by", "resolve_by")
    assert {n: packet[n] for n in same} == {n: kept[n] for n in same}
    assert (kept["severity"], stored.row["stated_severity"]) == ("P1", "P1")
    assert replay(stored).same
    with made.database.reading() as connection:
        # The model didn't say P1: a person did.
        answered = connection.execute(feedback.select()).mappings().one()["answered"]
        archive = Archive(connection, made.pseudonyms())
        found = difference(archive, NOW, policy_with(), None, lambda _: None)
    assert answered.get("severity") == ("P3" if source else None)
    assert (found.compared, found.unlike, found.changes) == (1, 0, [])


@pytest.mark.parametrize(
    "notes",
    [
        {"severity": "P9"},
        {"complete": True},
        {"done": [{"step": "notify", "by": "Ana", "at": "9000-01-01T00:00Z"}]},
    ],
)
def test_a_refused_hand_off_keeps_nothing(made: Store, notes: dict[str, Any]) -> None:
    ask = {"ticket": ASK | {"body": LOSS}, "notes": notes}
    with serving(made, None) as client:
        refused = client.post("/v1/handoff", json=ask)
        assert refused.status_code == 422
        assert refused.json()["details"]
    assert rows(made) == {}


def test_a_message_takes_the_severity_too(made: Store) -> None:
    ask = {"ticket": ASK, "kind": "timeline"}
    with serving(made, None) as client:
        said = client.post("/v1/messages", json=ask | {"severity": "P1"})
        assert said.status_code == 200
        assert client.post("/v1/messages", json=ask | {"severity": "P9"}).status_code == 422
    (row,) = rows(made).values()
    assert (row["stated_severity"], row["recommendation"]["severity"]) == ("P1", "P1")


def test_a_line_spooled_before_severities_were_kept_is_written(store: Store) -> None:
    new, old = (
        Remembered.of(decided(ticket(body), prediction()), POLICY, NOW).items
        for body in (CALM, LOSS)
    )
    del old[-1]["stated_severity"]
    store.spool.append([*new, *old])
    store.write_spool()
    assert [row["stated_severity"] for row in rows(store).values()] == [None, None]

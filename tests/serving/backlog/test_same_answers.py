"""A batch's answers are those of single calls, of the API, and of both engines."""

from pathlib import Path

import pytest
from tests.conftest import labelled_rows

from tierline.data.ticket import Ticket
from tierline.serving.backlog import inputs
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, POLICY
from ..live.app import stop_clock
from .same_answers import Ways, compared
from .test_ray_engine import without_cluster


@pytest.mark.parametrize("which", ["whole", "fast"])
def test_every_way_gives_the_same_answers(
    trained: Trained, fast_bundle: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 7)  # several stretches
    without_cluster(monkeypatch)
    stop_clock(monkeypatch)
    said = [row["body"] for row in labelled_rows()[:24]] + [CALM, BREACH, "", "?", "x" * 3_000]
    tickets = [Ticket(id=f"t{i}", body=body, attempts=i % 4) for i, body in enumerate(said)]
    ways = Ways(tickets, trained.out if which == "whole" else fast_bundle, POLICY)
    seen = {}
    for name, answers, differ in compared(ways, ray=True):
        assert (name, differ) == (name, 0)
        seen[name] = {answer["stage"] for answer in answers}
    assert len(seen) == 6
    stages = {"encoder"} if which == "whole" else {"encoder", "ngrams"}
    assert set(map(frozenset, seen.values())) == {frozenset(stages)}

"""Shouting and repeating lift nobody: rules read what is said, not how loudly."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tierline.data.ticket import Ticket
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router

from .stuffing import PLEAS, moved, ordinary

NOW: Final = datetime(2025, 3, 10, 12, tzinfo=UTC)
CORPUS: Final = Path(__file__).parents[2] / "data" / "tickets" / "test.jsonl"
LOUD: Final = (
    "URGENT!!! before", "URGENT!!! around", "capitals", "exclamation marks", "one word 30 times"
)  # fmt: skip
WORDY: Final = ("URGENT!!! around", "one word 30 times")


@pytest.fixture(scope="module")
def tickets() -> list[Ticket]:
    found = ordinary(CORPUS, 100)
    assert len(found) == 100
    return found


@pytest.fixture(scope="module")
def rules() -> Router:
    router = Router(load_policy())
    router.what_if = False
    return router


@pytest.mark.parametrize("name", LOUD)
def test_loud_tickets_are_not_lifted(name: str, rules: Router, tickets: list[Ticket]) -> None:
    found = moved(rules, tickets, PLEAS[name], NOW)
    assert list(found.up) == []
    # More words say less each to the table of words that suspects incidents while no model does.
    assert found.down <= (3 if name in WORDY else 0)


def test_a_plea_that_moves_is_counted(rules: Router, tickets: list[Ticket]) -> None:
    found = moved(rules, tickets, lambda s, b: (s, f"{b} Our account was hacked."), NOW)
    assert len(found.up) > 50
    assert max(found.tiers) <= 3
    columns = str(found).split()
    assert columns[0] == f"{len(found.up)}.0%"
    assert float(columns[1]) == pytest.approx(sum(found.tiers) / len(found.tiers), abs=0.01)
    assert int(columns[3]) == len(found.up)

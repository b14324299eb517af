"""The rules' figures on the safety suite must not get worse unnoticed."""

import json
from pathlib import Path

import pytest

from tierline.data import Ticket
from tierline.data.normalise import full_text
from tierline.serving import safety

SUITE = Path(__file__).parents[1] / "safety_suite"
INCIDENTS = {"data_loss", "security_breach"}


def shares(name: str) -> tuple[float, float]:
    """Return the share of incidents caught and of near-misses that alarm, rules alone."""
    rows = [json.loads(line) for line in (SUITE / name).read_text(encoding="utf-8").splitlines()]
    hits = {True: [0, 0], False: [0, 0]}
    for row in rows:
        found = safety.check(full_text(Ticket(subject=row["subject"], body=row["body"])))
        counts = hits[row["issue_type"] in INCIDENTS]
        counts[0] += bool(found)
        counts[1] += 1
    return hits[True][0] / hits[True][1], hits[False][0] / hits[False][1]


@pytest.mark.parametrize(
    ("name", "least_caught", "most_alarms"),
    [
        ("development.jsonl", 0.68, 0.08),
        ("held_out.jsonl", 0.51, 0.09),
        ("second_held_out.jsonl", 0.48, 0.07),
    ],
)
def test_the_rules_do_not_get_worse(name: str, least_caught: float, most_alarms: float) -> None:
    caught, alarms = shares(name)
    assert caught >= least_caught
    assert alarms <= most_alarms

"""The rules' figures on the safety suite must not get worse unnoticed."""

import json
from pathlib import Path

import pytest

from tierline.data import Ticket
from tierline.data.normalise import full_text
from tierline.serving import safety

HELD_OUT = Path(__file__).parents[1] / "safety_suite"
BUILT_IN = Path(__file__).parents[2] / "training/tierline/training/retraining/safety_suite.jsonl"
INCIDENTS = {"data_loss", "security_breach"}


def shares(file: Path) -> tuple[float, float]:
    """Return the share of incidents caught and of near-misses that alarm, rules alone."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    hits = {True: [0, 0], False: [0, 0]}
    for row in rows:
        found = safety.check(full_text(Ticket(subject=row["subject"], body=row["body"])))
        counts = hits[row["issue_type"] in INCIDENTS]
        counts[0] += bool(found)
        counts[1] += 1
    return hits[True][0] / hits[True][1], hits[False][0] / hits[False][1]


@pytest.mark.parametrize(
    ("file", "least_caught", "most_alarms"),
    [
        (BUILT_IN, 0.69, 0.07),
        (HELD_OUT / "held_out.jsonl", 0.51, 0.085),
        (HELD_OUT / "second_held_out.jsonl", 0.49, 0.065),
        (HELD_OUT / "told_plainly.jsonl", 0.88, 0.075),
        (HELD_OUT / "third_held_out.jsonl", 0.58, 0.10),
    ],
)
def test_the_rules_do_not_get_worse(file: Path, least_caught: float, most_alarms: float) -> None:
    caught, alarms = shares(file)
    assert caught >= least_caught
    assert alarms <= most_alarms

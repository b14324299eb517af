"""The queue in a policy file: what is read, refused, and shown."""

from pathlib import Path

import pytest

from tierline.data.errors import PolicyError
from tierline.serving.policy.prose import prose
from tierline.serving.policy.queue import capacity_of, limit_of

from ..fakes import POLICY
from ..teams.test_policy_teams import load


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[queue.weights]\nseverity = -1", "queue.weights.severity: "),
        ("[queue.weights]\nage_per_day = 0", "queue.weights.age_per_day: "),
        ("[queue.weights]\nbreach = inf", "queue.weights.breach: "),
        ("[queue.weights]\nluck = 1", "queue.weights.luck: unknown key"),
        ("[queue.severity]\nP1 = 1.5", "queue.severity.P1: "),
        ("[queue.severity]\nP9 = 1", "queue.severity.P9: "),
        ("[queue.customer_tier]\nvip = 1", "queue.customer_tier.vip: "),
        ('[queue]\nbreach_horizon = "0m"', 'queue.breach_horizon: expected more than "0m"'),
        ("[queue]\nattempts_full = 0", "queue.attempts_full: "),
        ("[queue]\norder_value_full = 0", "queue.order_value_full: "),
        ('[queue.handling]\n1 = "0m"', "queue.handling.1: expected more than"),
        ('[queue.handling]\n5 = "1h"', "queue.handling.5: "),
        ('[queue]\nneeds = ["mood"]', "queue.needs.0: "),
        ("[teams.order-desk]\ncapacity = -1", "teams.order-desk.capacity: "),
        ('[teams.order-desk]\nlimit = -1\noverflow_to = ["general-support"]',
         "teams.order-desk.limit: "),
        ("[teams.order-desk]\nlimit = 3", "teams.order-desk.limit: expected overflow_to beside it"),
        ('[teams.order-desk]\noverflow_to = ["general-support"]',
         "teams.order-desk.overflow_to: expected a limit or a capacity"),
        ('[teams.order-desk]\nlimit = 3\noverflow_to = ["general-support", "nobody"]',
         "teams.order-desk.overflow_to.1: expected a team of the policy; found 'nobody'"),
        ('[teams.billing-desk]\nlimit = 3\noverflow_to = ["order-desk"]',
         "teams.billing-desk.overflow_to.0: expected a team of tier 2 or above"),
        ('[teams.order-desk]\nlimit = 3\noverflow_to = ["order-desk"]',
         "teams.order-desk.overflow_to: overflow goes round in a circle: order-desk → order-desk"),
        ('[teams.billing-desk]\nlimit = 3\noverflow_to = ["integrations"]\n'
         '[teams.integrations]\nlimit = 3\noverflow_to = ["technical-support"]\n'
         '[teams.technical-support]\nlimit = 3\noverflow_to = ["billing-desk"]',
         "overflow goes round in a circle: "),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_with_its_path(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, toml)
    assert said in str(caught.value)


def test_a_circle_is_told_in_the_direction_of_the_overflow(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load(
            tmp_path,
            '[teams.billing-desk]\nlimit = 1\noverflow_to = ["integrations"]\n'
            '[teams.integrations]\nlimit = 1\noverflow_to = ["technical-support"]\n'
            "[teams.technical-support]\nlimit = 1\n"
            'overflow_to = ["social-media", "billing-desk"]',
        )
    ring = ["billing-desk", "integrations", "technical-support"] * 2
    turns = (" → ".join(ring[start : start + 4]) for start in range(3))
    assert any(turn in str(caught.value) for turn in turns)


def test_a_limit_is_the_capacity_unless_it_is_given(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        '[teams.order-desk]\ncapacity = 9\noverflow_to = ["general-support"]\n'
        'members = [{ name = "A", capacity = 2 }, { name = "B", capacity = 3 }]\n'
        '[teams.integrations]\ncapacity = 4\nmembers = [{ name = "A" }]\nlimit = 0\n'
        'overflow_to = ["technical-support"]',
    )
    assert (capacity_of(own.teams["order-desk"]), limit_of(own.teams["order-desk"])) == (5, 5)
    assert (capacity_of(own.teams["integrations"]), limit_of(own.teams["integrations"])) == (4, 0)
    assert limit_of(own.teams["billing-desk"]) is None


def test_prose_says_what_a_priority_is_made_of(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        '[queue]\nneeds = ["language"]\n[queue.weights]\nseverity = 60\n'
        '[teams.order-desk]\nlimit = 30\noverflow_to = ["general-support"]',
    )
    said = prose(own)
    for line in (
        "The queue: safety tickets and P1 first, then by points",
        "  severity up to 60: P1 100%, P2 60%, P3 30%, P4 0%",
        "  time to breach up to 30: none 8h before the response is due, half when it is due, "
        "all 8h after",
        "  age 10 a day without end: after 12 days a ticket precedes all that were filed since",
        "  an agent needs as a skill the ticket's language; everyone has en",
        "  order-desk: what is beyond 30 tickets goes to general-support",
    ):
        assert f"{line}\n" in said
    assert "as a skill" not in prose(POLICY)

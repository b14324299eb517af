"""What mistakes cost: the default matrix, the user's own cells, and refused files."""

from pathlib import Path

import numpy as np
import pytest

from tierline.data.errors import InputError
from tierline.training.report.costs import (
    check_costs,
    cost_matrix,
    measure_costs,
    read_costs,
)

from .made_answers import answers

SEVERITIES = ("P1", "P2", "P3", "P4")
TIERS = ("1", "2", "3", "4")
LABELS = {"severity": SEVERITIES, "tier": TIERS, "issue_type": ("bug", "order")}


def test_a_severity_rated_too_low_is_dearer() -> None:
    expected = [[0, 5, 10, 15], [1, 0, 5, 10], [2, 1, 0, 5], [3, 2, 1, 0]]
    assert cost_matrix("severity", SEVERITIES, {}).tolist() == expected


def test_a_tier_too_low_is_dearer_and_tier_4_is_no_higher_than_3() -> None:
    expected = [[0, 1, 2, 2], [5, 0, 1, 1], [10, 5, 0, 1], [10, 5, 1, 0]]
    assert cost_matrix("tier", TIERS, {}).tolist() == expected


def test_labels_without_an_order_cost_one_each() -> None:
    assert cost_matrix("issue_type", ("a", "b"), {}).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("labels", [("high", "low", "medium"), ("1", "2", "3", "4", "5")])
def test_own_severities_have_no_known_worst(labels: tuple[str, ...]) -> None:
    size = len(labels)
    assert cost_matrix("severity", labels, {}).tolist() == (1 - np.eye(size)).tolist()
    (report,) = measure_costs({"severity": answers("severity", labels, [0, 1], [1, 1])}, {})
    assert (report.too_low, report.too_high) == (None, None)


def test_default_severities_cost_by_their_level_in_any_order() -> None:
    assert cost_matrix("severity", ("P1", "P3", "P2"), {}).tolist() == [
        [0, 10, 5],
        [2, 0, 1],
        [1, 5, 0],
    ]


def test_the_mean_is_the_arithmetic_mean() -> None:
    given = answers("severity", SEVERITIES, [0, 0, 1, 3], [0, 3, 1, 1])
    (report,) = measure_costs({"severity": given}, {"severity": {"P1": {"P4": 40}}})
    assert report.mean.value == pytest.approx((0 + 40 + 0 + 2) / 4)
    # every answer P1: 0, 0, 1, 3; every answer P2: 5, 5, 0, 2
    assert report.best_constant == pytest.approx(4 / 4)
    assert report.too_low is not None
    assert report.too_high is not None
    assert (report.too_low.hits, report.too_high.hits, report.too_low.count) == (1, 1, 4)
    assert report.mean.low <= report.mean.value <= report.mean.high


def test_directions_of_tiers() -> None:
    given = answers("tier", TIERS, [2, 2, 0], [0, 2, 1])
    (report,) = measure_costs({"tier": given}, {})
    assert report.mean.value == pytest.approx((10 + 0 + 1) / 3)
    assert report.too_low is not None
    assert report.too_high is not None
    assert (report.too_low.hits, report.too_high.hits) == (1, 1)


def test_other_heads_are_measured_where_costs_are_given() -> None:
    given = {"issue_type": answers("issue_type", ("bug", "order"), [0, 1], [1, 1])}
    assert measure_costs(given, {}) == ()
    (report,) = measure_costs(given, {"issue_type": {"bug": {"order": 8}}})
    assert (report.mean.value, report.too_low) == (4, None)


def test_a_file_names_the_cells_that_differ(tmp_path: Path) -> None:
    path = tmp_path / "costs.toml"
    path.write_text("[severity.P1]\nP3 = 40\n[tier.3]\n1 = 7.5\n")
    costs = read_costs(path)
    check_costs(costs, LABELS)
    assert cost_matrix("severity", SEVERITIES, costs)[0].tolist() == [0, 5, 40, 15]
    assert cost_matrix("tier", TIERS, costs)[2, 0] == 7.5
    assert read_costs(None) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[colour.red]\nblue = 1", "colour: unknown key; expected one of severity, tier"),
        ("[severity.P9]\nP1 = 1", r"severity\.P9: unknown key; expected P1, P2, P3, P4"),
        ("[severity.P1]\nP9 = 1", r"severity\.P1\.P9: unknown key"),
        ("[severity.P1]\nP2 = -1", r"severity\.P1\.P2: expected a cost of 0 or more"),
        ("[severity]\nP1 = 3", r"severity\.P1: expected a cost of 0 or more at HEAD\.TRUTH"),
        ("[severity.P1]\nP2 = inf", r"severity\.P1\.P2"),
        ("severity = ", "expected TOML in UTF-8"),
    ],
)
def test_a_wrong_file_is_refused_by_its_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "costs.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        check_costs(read_costs(path), LABELS)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: can't be read"):
        read_costs(tmp_path / "none.toml")


def test_the_json_holds_the_matrix_that_was_used() -> None:
    (report,) = measure_costs({"tier": answers("tier", TIERS, [0], [0])}, {})
    assert np.array_equal(report.as_json()["matrix"], cost_matrix("tier", TIERS, {}))

"""Two bundles on the same tickets: a bundle never differs from itself, others do, paired."""

from dataclasses import replace

import numpy as np
import pytest

from tierline.data.ticket import Ticket
from tierline.training.answers import Answers
from tierline.training.evaluate import Evaluation
from tierline.training.report.compare import Comparison, compare
from tierline.training.review_report import ReviewReport

from .made_answers import answers, rows

SEVERITIES = ("P1", "P2", "P3", "P4")
TRUTH = [i % 4 for i in range(60)]
ROWS = rows(["x"] * 60)


def evaluation(*given: Answers) -> Evaluation:
    said = {a.head: tuple(a.labels[i] for i in a.predicted) for a in given}
    by_head = {a.head: a for a in given}
    return Evaluation("set", len(ROWS), {}, {}, {}, by_head, said, {}, None, ReviewReport({}, {}))


def severity(predicted: list[int], confidence: float = 0.8) -> Answers:
    return answers("severity", SEVERITIES, TRUTH, predicted, confidence)


def compared(this: Answers, other: Answers) -> Comparison:
    return compare(ROWS, ("new", evaluation(this)), ("old", evaluation(other)), {})


def test_a_bundle_does_not_differ_from_itself() -> None:
    given = severity([*TRUTH[:40], *[0] * 20])
    comparison = compared(given, given)
    assert {d.figure for d in comparison.differences} == {
        "accuracy",
        "macro_f1",
        "calibration_error",
        "risk_coverage_area",
        "quadratic_kappa",
        "rated_too_low",
        "cost",
    }
    for d in comparison.differences:
        assert (d.difference.value, d.difference.low, d.difference.high) == (0, 0, 0)
        assert d.verdict == "no clear difference"
    assert comparison.changes == ()


def test_own_severities_without_a_scale_have_no_kappa_to_compare() -> None:
    named = answers("severity", ("high", "low", "medium", "urgent"), TRUTH, TRUTH)
    assert "quadratic_kappa" not in {d.figure for d in compared(named, named).differences}


def test_a_difference_is_this_less_the_other_and_has_a_verdict() -> None:
    better, worse = severity(TRUTH), severity([*TRUTH[:30], *[3] * 30])
    there = {d.figure: d for d in compared(better, worse).differences}
    back = {d.figure: d for d in compared(worse, better).differences}
    assert there["accuracy"].difference.value == pytest.approx(1 - worse.correct.mean())
    assert (there["accuracy"].verdict, back["accuracy"].verdict) == ("better", "worse")
    assert (there["cost"].verdict, back["cost"].verdict) == ("better", "worse")
    assert there["cost"].difference.value == pytest.approx(-back["cost"].difference.value)


def test_pairing_makes_the_interval_narrow() -> None:
    """One more right answer of 60 is all that differs, whatever tickets are drawn."""
    most = [*TRUTH[:30], *[(t + 1) % 4 for t in TRUTH[30:]]]
    one_more = [*most[:30], TRUTH[30], *most[31:]]
    found = {d.figure: d for d in compared(severity(one_more), severity(most)).differences}
    accuracy = found["accuracy"].difference
    assert accuracy.value == pytest.approx(1 / 60)
    assert accuracy.low >= 0
    assert accuracy.high <= 4 / 60


def test_a_changed_tickets_id_is_redacted() -> None:
    named = [replace(row, ticket=Ticket(id="zoe@x.example", body="x")) for row in ROWS]
    this, other = evaluation(severity(TRUTH)), evaluation(severity([0] * 60))
    changes = compare(named, ("new", this), ("old", other), {}).changes
    assert {c.id for c in changes} == {"[email]"}


def test_changed_tickets_are_listed_with_their_effect() -> None:
    before, after = [*TRUTH], [*TRUTH]
    before[4], after[5], before[6], after[6] = 1, 0, 0, 1
    changes = compared(severity(after), severity(before)).changes
    assert [(c.id, c.other, c.this, c.truth, c.effect) for c in changes] == [
        ("r4", "P2", "P1", "P1", "now right"),
        ("r5", "P2", "P1", "P2", "now wrong"),
        ("r6", "P1", "P2", "P3", "–"),
    ]


def test_heads_with_other_labels_are_skipped_by_name() -> None:
    other = answers("severity", ("hi", "lo"), [0] * 60, [1] * 60)
    comparison = compared(severity(TRUTH), other)
    assert (comparison.skipped, comparison.differences) == (("severity",), ())
    fewer = replace(severity(TRUTH), rows=np.arange(1, 61))
    assert compared(severity(TRUTH), fewer).skipped == ("severity",)

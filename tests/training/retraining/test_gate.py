"""The gate lets through what is as good, and nothing that is worse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.serving.policy.model import RetiredLabels
from tierline.training.answers import TIER
from tierline.training.retraining.gate import Shared, Side
from tierline.training.retraining.promise import chance_of_misses
from tierline.training.routing import TIER_LABELS

from ..made_answers import answers
from .made_sides import (
    CASES,
    PROMISE,
    SEVERITIES,
    SHARED,
    evaluation,
    missed,
    named,
    policy,
    side,
)

LABELS = st.lists(st.integers(0, 3), min_size=100, max_size=160)
TRUTH = [i % 4 for i in range(400)]


@settings(max_examples=6, deadline=None)
@given(truth=LABELS, seed=st.integers(0, 2**32 - 1))
def test_an_equal_challenger_always_passes(truth: list[int], seed: int) -> None:
    predicted = np.random.default_rng(seed).integers(0, 4, len(truth)).tolist()
    same = side(truth, predicted)
    verdicts = named(same, same)
    assert all(v.passed for v in verdicts.values()), verdicts
    assert verdicts["non_inferior.severity"].measured == 0
    assert verdicts["cost"].measured == 0


@settings(max_examples=6, deadline=None)
@given(margin=st.floats(0.0, 0.2), more=st.floats(0.04, 0.3), seed=st.integers(0, 1000))
def test_a_challenger_worse_by_more_than_the_margin_never_passes(
    margin: float, more: float, seed: int
) -> None:
    """So many more wrong answers of 400 lower macro-F1 by their share at least."""
    wrong = np.random.default_rng(seed).permutation(400)[: int(np.ceil((margin + more) * 400))]
    predicted = np.array(TRUTH)
    predicted[wrong] = (predicted[wrong] + 1) % 4
    found = named(side(TRUTH, predicted.tolist()), side(TRUTH, TRUTH), rules=policy(margin=margin))
    assert not found["non_inferior.severity"].passed


@settings(max_examples=8, deadline=None)
@given(lost=st.sets(st.sampled_from([n for n, up in CASES.items() if up]), min_size=1))
def test_a_lost_safety_case_always_fails(lost: set[str]) -> None:
    gains = dict.fromkeys(CASES, True) | dict.fromkeys(lost, False)
    few = TRUTH[:8]
    found = named(side(few, few, raised=gains), side(few, few))["safety_suite"]
    assert not found.passed
    assert found.measured == len(lost)
    assert all(name in found.words for name in lost)


def test_a_case_that_nobody_raised_is_no_loss_and_one_that_is_absent_is() -> None:
    champion = side(TRUTH, TRUTH)
    assert named(side(TRUTH, TRUTH, raised=dict(CASES)), champion)["safety_suite"].passed
    assert not named(side(TRUTH, TRUTH, raised={}), champion)["safety_suite"].passed


def test_few_tickets_prove_nothing() -> None:
    same = side(TRUTH[:99], TRUTH[:99])
    assert [v.name for v in named(same, same).values() if not v.passed] == ["enough_tickets"]


def test_a_small_sure_loss_within_the_margin_passes() -> None:
    predicted = [(t + 1) % 4 if i < 4 else t for i, t in enumerate(TRUTH)]
    found = named(side(TRUTH, predicted), side(TRUTH, TRUTH))["non_inferior.severity"]
    assert found.passed
    assert found.measured is not None
    assert -0.03 < found.measured < -0.01
    assert found.words.startswith("macro-F1 -0.010 against the champion's")


def test_a_loss_that_may_exceed_the_margin_fails() -> None:
    """Two of 100 tickets lost: likely a small loss, but it can't be told from a large one."""
    predicted = [(t + 1) % 4 if i < 2 else t for i, t in enumerate(TRUTH[:100])]
    found = named(side(TRUTH[:100], predicted), side(TRUTH[:100], TRUTH[:100]))
    assert not found["non_inferior.severity"].passed
    assert found["enough_tickets"].passed


def test_dearer_decisions_fail_and_cheaper_ones_pass() -> None:
    too_low, too_high = [0] + [2] * 399, [2] * 400
    dear, cheap = side(TRUTH, TRUTH, tiers=too_low), side(TRUTH, TRUTH, tiers=too_high)
    assert not named(dear, cheap)["cost"].passed
    assert named(dear, cheap)["cost"].measured == pytest.approx(10 / 400)
    assert named(dear, cheap, rules=policy(cost_margin=0.03))["cost"].passed
    assert named(cheap, dear)["cost"].passed


def test_without_whole_rows_the_first_head_is_weighed() -> None:
    def bare(predicted: list[int]) -> object:
        made = side(TRUTH, TRUTH)
        only = evaluation(answers("severity", SEVERITIES, TRUTH, predicted))
        return replace(made, evaluation=only)

    worse = [3, *TRUTH[1:]]
    found = named(bare(worse), bare(TRUTH))["cost"]  # type: ignore[arg-type]
    assert not found.passed
    assert found.measured == pytest.approx(15 / 400)
    assert "(severity)" in found.words


def test_a_head_that_the_challenger_lacks_fails() -> None:
    mute = replace(
        side(TRUTH, TRUTH),
        evaluation=evaluation(answers(TIER, TIER_LABELS, [2] * 400, [2] * 400)),
        labels={},
        taught={},
    )
    found = named(mute, side(TRUTH, TRUTH))
    assert not found["non_inferior.severity"].passed
    assert not found["enough_tickets"].passed
    assert "severity P1, severity P2, severity P3, severity P4" in found["label_set"].words


def test_models_with_other_labels_are_compared_where_both_know_the_truth() -> None:
    """The challenger has a label more; its rows come last and are unknown to the champion."""
    more = (*SEVERITIES[1:], "P5", SEVERITIES[0])
    there = [more.index(SEVERITIES[t]) for t in TRUTH]
    wide = answers("severity", more, [*there, *[3] * 40], [*there, *[0] * 40])
    challenger = replace(side(TRUTH, TRUTH), evaluation=evaluation(wide))
    found = named(challenger, side(TRUTH, TRUTH))["non_inferior.severity"]
    assert (found.passed, found.measured) == (True, 0)
    assert "(400 tickets)" in found.words


def test_a_promise_is_broken_only_by_more_misses_than_chance_gives() -> None:
    """Five of 250 and even nine happen to sound bundles; twenty don't."""
    champion = side(TRUTH, TRUTH)
    passed = [
        named(side(TRUTH, TRUTH, certificate=missed(n)), champion)["certificate"].passed
        for n in (0, 5, 9, 20)
    ]
    assert passed == [True, True, True, False]


def test_sound_promises_are_rarely_taken_for_broken() -> None:
    """Scores drawn alike for both parts: of 2,000 sound bundles at most about 5% are refused."""
    rng, refused = np.random.default_rng(1), 0
    n, alpha = 249, 0.02
    allowed = int(alpha * (n + 1) - 1)
    for _ in range(2000):
        threshold = np.sort(rng.random(n))[allowed]
        refused += chance_of_misses(missed(int((rng.random(250) < threshold).sum()))) < 0.05
    assert 0.02 * 2000 < refused < 0.06 * 2000


def test_a_promise_is_needed_and_as_strict_as_the_champions() -> None:
    bare = PROMISE.model_copy(update={"threshold": None, "lacking": 40})
    none, some = side(TRUTH, TRUTH, certificate=bare), side(TRUTH, TRUTH)
    lax = side(TRUTH, TRUTH, certificate=PROMISE.model_copy(update={"alpha": 0.1}))
    found = named(none, none)["certificate"]
    assert not found.passed
    assert "40 more are needed in the validation part: about 267 labelled ones" in found.words
    assert "where it takes 15%; the policy's gate.need_certificate = false" in found.words
    assert named(none, none, rules=policy(need_certificate=False))["certificate"].passed
    assert not named(none, some, rules=policy(need_certificate=False))["certificate"].passed
    assert not named(lax, some)["certificate"].passed
    assert named(some, lax)["certificate"].passed
    assert not named(side(TRUTH, TRUTH, certificate=None), some)["certificate"].passed


def test_labels_that_the_policy_does_not_know_or_that_are_gone_fail() -> None:
    known = side(TRUTH, TRUTH)
    own = {"severity": frozenset({*SEVERITIES, "urgent"}), "issue_type": frozenset({"vpn"})}
    found = named(replace(known, labels=own, taught=own), known)["label_set"]
    assert not found.passed
    assert "the policy doesn't know severity urgent, issue_type vpn" in found.words
    untaught = replace(known, taught={"severity": frozenset({"P1", "P3", "P4"})})
    found = named(untaught, known)["label_set"]
    assert (found.passed, found.measured) == (False, 1)
    assert "no training ticket teaches severity P2" in found.words
    assert named(known, untaught)["label_set"].passed
    retired = policy().model_copy(update={"retired_labels": RetiredLabels(severity=("P2",))})
    assert named(untaught, known, rules=retired)["label_set"].passed


def test_labels_that_came_back_changed_fail() -> None:
    same = side(TRUTH, TRUTH)
    assert named(same, same, Shared(1.0, 5, 100))["same_labels"].passed
    assert not named(same, same, Shared(1.0, 6, 100))["same_labels"].passed


@pytest.mark.parametrize(
    ("name", "changed", "shared"),
    [
        ("latency", {}, Shared(2.1, 0, 0)),
        ("size", {"size": 151}, SHARED),
        ("memory", {"memory": 201}, SHARED),
    ],
)
def test_what_is_slower_or_bigger_than_allowed_fails(
    name: str, changed: dict[str, int], shared: Shared
) -> None:
    challenger = replace(side(TRUTH, TRUTH), **changed)  # type: ignore[arg-type]
    found = named(challenger, side(TRUTH, TRUTH), shared)
    assert [v.name for v in found.values() if not v.passed] == [name]


def test_without_a_champion_the_challenger_is_judged_alone() -> None:
    alone = named(side(TRUTH, TRUTH), None)
    assert alone.keys() == {"learnt.severity", "certificate", "label_set", "safety_suite"}
    assert all(v.passed for v in alone.values())
    assert "no champion yet; 8 of 10 incidents" in alone["safety_suite"].words
    few = side(TRUTH, TRUTH, raised={"a": True, "b": False})
    assert not named(few, None)["safety_suite"].passed
    assert not named(side(TRUTH, TRUTH, certificate=None), None)["certificate"].passed


@settings(max_examples=20, deadline=None)
@given(truth=LABELS, answer=st.integers(0, 3))
def test_without_a_champion_one_answer_for_all_fails(truth: list[int], answer: int) -> None:
    assert not named(side(truth, [answer] * len(truth)), None)["learnt.severity"].passed


@pytest.mark.parametrize(("right", "passes"), [(0.25, False), (0.27, False), (0.5, True)])
def test_without_a_champion_answers_by_chance_fail(right: float, passes: bool) -> None:
    """Four labels, equally often: a quarter is right by chance, as shuffled labels teach."""
    predicted = [t if i < right * 400 else (t + 1 + i // 4 % 3) % 4 for i, t in enumerate(TRUTH)]
    found = named(side(TRUTH, predicted), None)["learnt.severity"]
    assert found.passed == passes
    assert found.allowed == 0
    assert found.words.startswith(
        f"no champion yet; accuracy on severity {right - 0.25:+.3f} against "
    )


def test_without_a_champion_a_head_without_held_out_tickets_fails() -> None:
    known = {"severity": frozenset(SEVERITIES), "sentiment": frozenset({"neutral"})}
    unmeasured = replace(side(TRUTH, TRUTH), labels=known)
    found = named(unmeasured, None)["learnt.sentiment"]
    assert not found.passed
    assert found.measured is None


def test_costs_are_weighed_on_enough_tickets() -> None:
    def answered(severities: list[int], tier: int) -> Side:
        severity = answers("severity", SEVERITIES, [0] * len(severities), severities)
        known = {"severity": frozenset(SEVERITIES)}
        one = answers(TIER, TIER_LABELS, [2], [tier])
        return Side(evaluation(severity, one), PROMISE, known, known, CASES, 100, 100)

    right, milder = [0] * 600, [0] * 594 + [3] * 6
    assert named(answered(right, 0), answered(right, 2))["cost"].passed
    verdict = named(answered(milder, 2), answered(right, 2))["cost"]
    assert not verdict.passed
    assert verdict.measured == pytest.approx(6 * 15 / 600)

"""Fitting the fast stage: its risk stays within what was asked, whatever the n-grams know."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.manifest import Fast, Head
from tierline.serving.policy import load_policy
from tierline.training.cli import app
from tierline.training.fast import FastFit, fit_fast

POLICY = load_policy()
HEADS = (
    Head(name="severity", labels=("P1", "P2", "P3", "P4"), temperature=1.0, quantile=1 / 3),
    Head(name="issue_type", labels=("billing", "bug", "data_loss"), temperature=1.0),
)
Logits = NDArray[np.float32]


def rows_of(severity: NDArray[np.int64], issue: NDArray[np.int64]) -> list[Row]:
    names = [head.labels for head in HEADS]
    return [
        Row(i, Ticket(body="x"), {"severity": names[0][s], "issue_type": names[1][k]}, {})
        for i, (s, k) in enumerate(zip(severity, issue, strict=True))
    ]


def world(seed: int, count: int, skill: float) -> tuple[list[Row], Logits, Logits]:
    """Return tickets, and the logits of n-grams and of an encoder that is better."""
    rng = np.random.default_rng(seed)
    severity = rng.choice(4, count, p=[0.02, 0.3, 0.38, 0.3])
    issue = rng.choice(3, count, p=[0.49, 0.49, 0.02])
    truth = np.concatenate([np.eye(4)[severity], np.eye(3)[issue]], axis=1)
    ngrams = truth * skill + rng.normal(0, 1, truth.shape)
    encoder = truth * (skill + 2) + rng.normal(0, 1, truth.shape)
    return rows_of(severity, issue), ngrams.astype(np.float32), encoder.astype(np.float32)


def fit(rows: list[Row], ngrams: Logits, encoder: Logits, alpha: float) -> FastFit:
    return fit_fast(HEADS, rows, ngrams, encoder, np.zeros(7, dtype=np.float32), alpha, POLICY)


def stage(seed: int = 1, count: int = 2000, skill: float = 4, alpha: float = 0.01) -> Fast:
    found = fit(*world(seed, count, skill), alpha).stage
    assert found is not None
    return found


def test_better_n_grams_answer_more_at_the_same_risk() -> None:
    shares = [stage(skill=skill).answered for skill in (3, 4, 6)]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.2


def test_a_larger_risk_lets_more_be_answered() -> None:
    some, more = stage(alpha=0.005), stage(alpha=0.03)
    assert some.answered < more.answered
    assert some.confidence > more.confidence
    for found in (some, more):
        assert (found.misses + 1) / (found.count + 1) <= found.alpha


def test_the_risk_is_told_as_it_was_asked() -> None:
    for alpha, said in ((0.0075, "at most 0.75% of all"), (0.01, "at most 1% of all")):
        assert said in stage(alpha=alpha).statement


@given(seed=st.integers(0, 10_000), skill=st.floats(0, 8), alpha=st.sampled_from([0.01, 0.05, 0.2]))
def test_the_calibration_tickets_keep_the_risk(seed: int, skill: float, alpha: float) -> None:
    rows, ngrams, encoder = world(seed, 300, skill)
    found = fit(rows, ngrams, encoder, alpha).stage
    if found is not None:
        answered, worse, critical = asked(found, rows, ngrams, encoder)
        assert answered.mean() == pytest.approx(found.answered, abs=0.01)
        assert ((answered & worse).sum(axis=1) + 1 <= alpha * 301).all()
        assert not (answered & critical).any()


def test_over_many_draws_the_expected_risk_is_kept() -> None:
    alpha, risks = 0.02, []
    for seed in range(150):
        rows, ngrams, encoder = world(seed, 400, 3)
        found = fit(rows[:200], ngrams[:200], encoder[:200], alpha).stage
        if found is None:
            risks.append(np.zeros(2))
            continue
        answered, worse, _ = asked(found, rows[200:], ngrams[200:], encoder[200:])
        risks.append((answered & worse).mean(axis=1))
    mean, error = np.mean(risks, axis=0), np.std(risks, axis=0) / np.sqrt(len(risks))
    assert (mean <= alpha + 2 * error).all()
    assert mean.max() > alpha / 20  # it isn't kept by answering nothing


def asked(
    found: Fast, rows: list[Row], ngrams: Logits, encoder: Logits
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which tickets the stage answers, where only it is wrong by head, what is critical."""
    answered, worse = np.ones(len(rows), dtype=bool), []
    likely = []
    for head, part, temperature in zip(
        HEADS, (slice(0, 4), slice(4, 7)), found.temperatures, strict=True
    ):
        odds = softmax(ngrams[:, part] / temperature).round(6)
        likely.append(odds)
        said, right = (said_by(head, p) for p in (odds, softmax(encoder[:, part])))
        truth = np.array([head.labels.index(row.labels[head.name]) for row in rows])
        worse.append((said != truth) & (right == truth))
        answered &= odds[np.arange(len(rows)), said] >= found.confidence
    watched = np.concatenate(likely, axis=1)[:, list(found.watched)]
    answered &= (watched < found.incident).all(axis=1)
    critical = np.array(
        [row.labels["severity"] == "P1" or row.labels["issue_type"] == "data_loss" for row in rows]
    )
    seen = np.concatenate([softmax(encoder[:, :4]), softmax(encoder[:, 4:])], axis=1).round(6)
    critical &= (seen[:, list(found.watched)] >= found.incident).any(axis=1)
    return answered, np.array(worse), critical


def said_by(head: Head, likely: NDArray[np.float64]) -> NDArray[np.int64]:
    quantile = head.quantile
    reached = likely.cumsum(axis=1) >= quantile if quantile else likely
    found: NDArray[np.int64] = reached.argmax(axis=1)
    return found


def softmax(logits: Logits) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def test_what_must_not_be_missed_stays_with_the_encoder() -> None:
    rows, ngrams, encoder = world(1, 2000, 6)
    before = fit(rows, ngrams, encoder, 0.05).stage
    assert before is not None
    answered, _, _ = asked(before, rows, ngrams, encoder)
    surest = int(np.flatnonzero(answered)[0])
    rows[surest] = replace(rows[surest], labels={"severity": "P1", "issue_type": "data_loss"})
    unseen = fit(rows, ngrams, encoder, 0.05).stage
    assert unseen is not None
    assert asked(unseen, rows, ngrams, encoder)[0][surest]  # the encoder would miss it too
    encoder[surest] = (9, 0, 0, 0, 0, 0, 9)
    seen = fit(rows, ngrams, encoder, 0.05).stage
    assert seen is None or not asked(seen, rows, ngrams, encoder)[0][surest]


@pytest.mark.parametrize(
    ("count", "skill", "why"),
    [(50, 6, "49 more validation tickets are needed"), (2000, 0, "sure enough of")],
)
def test_where_it_can_not_be_had_it_says_why(count: int, skill: float, why: str) -> None:
    found = fit(*world(1, count, skill), 0.01)
    assert found.stage is None
    assert why in found.why


def test_blind_certainty_is_none() -> None:
    rows, ngrams, encoder = world(1, 300, 3)
    assert fit(rows, 1e4 * ngrams, encoder, 0.01).stage is None


def test_training_says_what_the_stage_does(fast_bundle: Path) -> None:
    said = (fast_bundle.parent / "console.txt").read_text(encoding="utf-8")
    assert "fast stage: the n-grams alone answer" in said
    assert "test: n-grams alone answered" in said


def test_the_stage_is_named_wherever_answers_go(
    fast_bundle: Path, tmp_path: Path, tickets: Path
) -> None:
    rows = map(json.loads, tickets.read_text(encoding="utf-8").splitlines())
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"body": row["body"]}) + "\n" for row in rows))
    out = tmp_path / "out.jsonl"
    asked_for = ["score", str(source), "--out", str(out), "--model", str(fast_bundle)]
    result = CliRunner().invoke(app, asked_for)
    assert result.exit_code == 0, result.output
    found = [json.loads(line)["stage"] for line in out.read_text().splitlines()]
    fast = found.count("ngrams")
    assert 0 < fast < len(found)
    assert f"{fast} answered by the model's n-grams alone" in result.output

"""Drift tests: rarely wrong on like files, sure on unlike ones, blind to trifles and copies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Floats
from tierline.training.drift import separation as separated
from tierline.training.drift.answers import confidence_shift, label_shifts
from tierline.training.drift.limits import Limits, holm_levels, resamples, smallest_move
from tierline.training.drift.separation import Separation, separation
from tierline.training.drift.shift import Verdict
from tierline.training.drift.words import MIN_SAYING, telling_words, word_vectors

ANY = Limits(alpha=0.1, auc=0.0, share_points=0.0, confidence_points=0.0)
#: Splits of a simulation, and the most alarms in them: alpha's share and three standard errors.
SPLITS, MOST = 200, 200 * (0.1 + 3 * (0.1 * 0.9 / 200) ** 0.5)


def tell_apart(
    vectors: Floats, recent: NDArray[np.bool_], keys: Sequence[int] = (), relabellings: int = 99
) -> Separation:
    return separation(vectors, recent, keys or range(len(recent)), relabellings, seed=1)


def clouds(rng: np.random.Generator, count: int, shift: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return skewed vectors (count, 6); those of the recent half are moved along one axis."""
    vectors = rng.exponential(size=(count, 6)).astype(np.float32)
    recent = rng.permutation(count) < count // 2
    vectors[recent, 2] += shift
    return vectors, recent


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw less for the intervals, which the simulation doesn't look at."""
    monkeypatch.setattr(separated, "RESAMPLES", 20)


@pytest.mark.usefixtures("rough")
def test_all_tests_together_rarely_alarm_on_like_files() -> None:
    """Three heads' worth of dependent tests would alarm three times as often without Holm."""
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(SPLITS):
        vectors, recent = clouds(rng, 120, shift=0.0)
        said = rng.choice(4, size=120, p=[0.7, 0.2, 0.08, 0.02])
        sure = rng.beta(6, 1, size=120)
        counts = [np.bincount(said[part], minlength=4) for part in (~recent, recent)]
        shifts: list[Any] = [
            tell_apart(vectors, recent),
            label_shifts("severity", ("P1", "P2", "P3", "P4"), counts[0], counts[1], 99, seed=1),
            confidence_shift("severity", sure[~recent], sure[recent]),
        ]
        levels = holm_levels([s.p_value for s in shifts], ANY.alpha)
        alarms += any(s.drifted(v, ANY) for s, v in zip(shifts, levels, strict=True))
    assert 0 < alarms <= MOST


def test_each_test_keeps_its_level() -> None:
    rng = np.random.default_rng(12)
    labels, confidence = 0, 0
    for _ in range(500):
        said, sure = rng.choice(3, size=300, p=[0.9, 0.08, 0.02]), rng.beta(6, 1, size=300)
        before, now = (np.bincount(said[i::2], minlength=3) for i in range(2))
        labels += label_shifts("h", ("a", "b", "c"), before, now, 99, seed=1).p_value <= 0.1
        confidence += confidence_shift("h", sure[::2], sure[1::2]).p_value <= 0.1
    for alarms in (labels, confidence):
        assert 0.02 < alarms / 500 < 0.1 + 3 * (0.09 / 500) ** 0.5


@pytest.mark.parametrize("count", [200, 400])
def test_a_real_shift_is_found(count: int) -> None:
    vectors, recent = clouds(np.random.default_rng(13), count, shift=0.8)
    found = tell_apart(vectors, recent)
    assert found.p_value == 0.01
    assert found.drifted(0.01, Limits())
    assert 0.5 < found.auc.low < found.auc.value < found.auc.high < 1
    assert not found.drifted(0.0, Limits())


def test_clear_files_are_told_apart_without_a_mistake() -> None:
    vectors, recent = clouds(np.random.default_rng(14), 200, shift=50.0)
    assert tell_apart(vectors, recent).auc.value > 0.999


def test_the_same_tickets_in_both_files_are_no_drift() -> None:
    """A copy shares its twin's fold: no classifier could have learnt which file it is from."""
    vectors, _ = clouds(np.random.default_rng(15), 200, shift=0.0)
    recent = np.repeat([False, True], 200)
    found = tell_apart(np.concatenate([vectors, vectors]), recent, [*range(200)] * 2)
    assert found.auc.value == pytest.approx(0.5)
    assert found.p_value > 0.3


def test_the_classifier_is_asked_about_tickets_that_it_has_not_learnt() -> None:
    """Of 60 meaningless dimensions, one that has learnt 200 tickets remembers most of them."""
    vectors = np.random.default_rng(17).normal(size=(200, 60)).astype(np.float32)
    found = tell_apart(vectors, np.arange(200) % 2 == 0)
    assert found.auc.value == pytest.approx(0.5, abs=0.1)
    assert found.auc.low < 0.5 < found.auc.high


def test_a_file_without_differences_is_no_drift() -> None:
    found = tell_apart(np.ones((200, 3), dtype=np.float32), np.arange(200) < 90)
    assert (found.auc.value, found.p_value) == (0.5, 1.0)


def test_the_same_seed_gives_the_same_figures() -> None:
    vectors, recent = clouds(np.random.default_rng(16), 200, shift=0.3)
    assert tell_apart(vectors, recent) == tell_apart(vectors, recent)
    other = separation(vectors, recent, range(200), 99, seed=2)
    assert other.auc != tell_apart(vectors, recent).auc


def moved(reference: list[int], recent: list[int]) -> list[str]:
    labels = ("P1", "P2", "P3")[: len(reference)]
    found = label_shifts("severity", labels, np.array(reference), np.array(recent), 1999, seed=1)
    drifts = sorted(found.drifts(0.002, Limits()), key=lambda s: s.reference - s.recent)
    return [s.label for s in drifts]


def test_a_moved_label_is_named() -> None:
    assert moved([62, 938, 1000], [128, 872, 1000]) == ["P1"]
    assert moved([62, 938, 1000], [62, 1138, 800]) == ["P2", "P3"]
    found = label_shifts("severity", ("P1", "P2"), np.array([31, 969]), np.array([64, 936]), 99, 1)
    level = 0.02
    assert found.sentences(level, Limits())[0] == "severity: P1 went from 3.1% to 6.4% of tickets."


@pytest.mark.parametrize(
    ("reference", "recent", "labels"),
    [
        ([20_000, 80_000], [21_500, 78_500], []),  # significant, 1.5 points
        ([20_000, 80_000], [23_100, 76_900], ["P1", "P2"]),
        ([500, 99_500], [1_600, 98_400], ["P1"]),  # rare, more than doubled
        ([1_600, 98_400], [500, 99_500], ["P1"]),
        ([500, 99_500], [1_400, 98_600], []),  # rare, less than a point
        ([20, 80], [25, 75], []),  # large, but chance
        ([100, 0], [100, 0], []),
    ],
)
def test_drift_is_significant_and_large(
    reference: list[int], recent: list[int], labels: list[str]
) -> None:
    assert moved(reference, recent) == labels


def test_confidence_drift_says_where_the_files_differ() -> None:
    before = np.linspace(0.5, 1.0, 1001)
    shift = confidence_shift("severity", before, before - 0.1)
    assert shift.drifted(0.001, Limits())
    assert 0.49 <= shift.below <= 0.9
    assert shift.recent - shift.reference == pytest.approx(0.2, abs=0.01)
    assert "went from" in shift.sentences(0.001, Limits())[0]
    assert "mean 0.750 to 0.650" in shift.sentences(0.001, Limits())[0]
    assert not confidence_shift("severity", before, before - 0.02).drifted(1.0, Limits())
    assert confidence_shift("severity", before[:9], before[:9]).p_value == 1.0


@pytest.mark.parametrize(
    ("below", "said"),
    [(0.5, "0.50"), (0.95, "0.95"), (0.9987, "0.999"), (0.99996, "0.99996"), (1.0, "1.00")],
)
def test_a_confidence_below_one_is_not_said_to_be_one(below: float, said: str) -> None:
    before = np.repeat([below, 1.0], [51, 49])
    shift = confidence_shift("severity", before, np.full(100, below))
    sentence = shift.sentences(0.001, Limits())[0]
    assert f"a confidence of at most {said} went from" in sentence


def test_one_large_shift_does_not_pull_the_others_along() -> None:
    limits = Limits()
    shift = confidence_shift("h", np.linspace(0, 0.6, 300), np.linspace(0.4, 1, 300))
    assert Verdict(shift, 0.01, limits).drift
    assert Verdict(shift, 0.0, limits).sentences == []
    assert Verdict(shift, 0.0, limits).as_json()["drift"] is False


P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=9)


@given(P_VALUES, st.floats(0.001, 0.2))
def test_holm_rejects_at_least_what_bonferroni_does_and_nothing_above_alpha(
    p_values: list[float], alpha: float
) -> None:
    levels = holm_levels(p_values, alpha)
    rejected = [p for p, level in zip(p_values, levels, strict=True) if level and p <= level]
    kept = [p for p, level in zip(p_values, levels, strict=True) if not level]
    assert all(p <= alpha for p in rejected)
    assert all(p > alpha / len(p_values) for p in kept)
    assert max(rejected, default=0) <= min(kept, default=1)
    assert len(rejected) + len(kept) == len(p_values)


def test_holm_as_published() -> None:
    assert holm_levels([0.01, 0.04, 0.03, 0.005], 0.05) == [0.05 / 3, 0, 0, 0.05 / 4]


@given(st.floats(0.001, 0.2), st.integers(1, 60))
def test_every_test_can_reach_its_level(alpha: float, tests: int) -> None:
    assert 2 / (1 + resamples(alpha, tests)) <= alpha / tests


def test_more_tickets_show_smaller_moves() -> None:
    points = [smallest_move((n, n), Limits(), 7) for n in (100, 2000, 5000)]
    assert points == pytest.approx([22.8, 5.1, 3.2], abs=0.1)


def texts(count: int, words: str) -> list[Ticket]:
    return [Ticket(body=f"{words} {'abcdefghij'[i % 10] * 4}") for i in range(count)]


def test_words_mark_the_file_that_says_them_often_enough() -> None:
    reference = [*texts(600, "the printer is jammed"), *texts(400, "please advise")]
    recent = [*texts(60, "the vpn tunnel is down"), *texts(31, "please advise")]
    recent += texts(MIN_SAYING - 1, "quokka quokka")
    found = telling_words(reference, recent)
    assert [w.word for w in found["recent"]] == ["down", "tunnel", "vpn"]
    assert [w.word for w in found["reference"]] == ["jammed", "printer"]
    assert found["recent"][0].recent == 0.6
    assert telling_words([Ticket(body="1")], [Ticket(body="2")]) == {}


def test_words_of_personal_data_are_not_told() -> None:
    body = (
        "Dear Zebedee,\nthe tunnel is down, write to kestrel@wombat.example\nKind regards,\nXenia"
    )
    found = telling_words(texts(60, "please advise"), [Ticket(body=body)] * 60)
    told = {w.word for some in found.values() for w in some}
    assert "tunnel" in told
    assert not told & {"zebedee", "kestrel", "wombat", "xenia", "email", "name"}


def test_word_vectors_tell_other_words_apart_and_not_the_same() -> None:
    same, other = texts(100, "the printer is jammed"), texts(100, "the tunnel is down")
    recent = np.repeat([False, True], 100)
    assert tell_apart(word_vectors([*same, *other], 1), recent).auc.value > 0.95
    alike = word_vectors([*same, *same], 1)
    assert tell_apart(alike, recent, [*range(100)] * 2).auc.value == pytest.approx(0.5, abs=0.05)
    for body in ("hello", "2024-05-06 17"):
        assert np.array_equal(word_vectors([Ticket(body=body)] * 3, 1), np.ones((3, 1)))

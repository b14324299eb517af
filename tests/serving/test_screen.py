"""The screen before the safety rules: it may show too many patterns, never too few."""

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierline.data import Ticket
from tierline.data.normalise import full_text
from tierline.serving.safety.folding import fold
from tierline.serving.safety.grammar import Pattern
from tierline.serving.safety.patterns import BREACH, LOSS
from tierline.serving.safety.screen import Screen, without_look_around

from .test_safety import BREACHES, HARMLESS, LOSSES

SUITE = Path(__file__).parents[2] / "training/tierline/training/retraining/safety_suite.jsonl"
ASCII = st.characters(max_codepoint=127)


def missed(screen: Screen, folded: str) -> set[Pattern]:
    """The patterns that a text holds and the screen doesn't show."""
    held = {pattern for pattern in screen.patterns if pattern.regex.search(folded)}
    return held - set(screen.possible(folded))


@settings(deadline=None)
@given(st.lists(st.sampled_from(LOSSES + BREACHES + HARMLESS) | st.text(), max_size=6))
def test_what_a_text_holds_is_shown(pieces: list[str]) -> None:
    folded = fold(" ".join(pieces)).text
    assert not missed(LOSS, folded)
    assert not missed(BREACH, folded)


def test_what_the_suite_holds_is_shown_and_little_else() -> None:
    rows = [json.loads(line) for line in SUITE.read_text(encoding="utf-8").splitlines()]
    shown = 0
    for row in rows:
        folded = fold(full_text(Ticket(subject=row["subject"], body=row["body"]))).text
        assert not missed(LOSS, folded)
        assert not missed(BREACH, folded)
        shown += len(LOSS.possible(folded)) + len(BREACH.possible(folded))
    assert shown < len(rows) * (len(LOSS.patterns) + len(BREACH.patterns)) / 4


@pytest.mark.parametrize("screen", [LOSS, BREACH])
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(st.data())
def test_whatever_a_pattern_matches_it_is_shown(screen: Screen, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(screen.patterns))
    text = data.draw(st.from_regex(pattern.regex, alphabet=ASCII)).lower()
    if pattern.regex.search(text):
        assert pattern in screen.possible(text)


def test_a_text_of_all_their_words_wears_no_screen_out() -> None:
    sources = " ".join(pattern.source for pattern in (*LOSS.patterns, *BREACH.patterns))
    vocabulary = sorted(set(re.findall("[a-z]{3,}", sources)))
    babble = " ".join(random.Random(0).choices(vocabulary, k=30_000))  # noqa: S311
    assert not missed(LOSS, babble)
    assert not missed(BREACH, babble)


@settings(deadline=None)
@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Zs"])))
def test_folded_text_is_what_a_screen_can_read(text: str) -> None:
    folded = fold(text).text
    assert folded.isascii()
    assert folded == folded.lower()
    assert set(filter(str.isspace, folded)) <= {" ", "\n"}
    LOSS.possible(folded)


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (r"lost(?! (?:hope|\)))x", "lostx"),
        (r"(?<!thanks for )data(?=[).]|$) gone", "data gone"),
        (r"(?:a|b)[(?=]\(c", r"(?:a|b)[(?=]\(c"),
        (r"[^]()]a(?=(?:b|(?!c)))d", r"[^]()]ad"),
    ],
)
def test_look_around_is_left_out(source: str, left: str) -> None:
    assert without_look_around(source) == left


def test_a_pattern_that_needs_no_words_is_always_shown() -> None:
    free, bound = Pattern(r"\d+", ()), Pattern("hacked", ())
    screen = Screen((free, bound))
    assert screen.possible("") == [free]
    assert screen.possible("we were hacked 3 times") == [free, bound]

"""Folding: plain words for matching, with every place in the source kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.serving.safety.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("HACKED", "hacked"),
        ("I can't", "i can not"),
        ("we didn't, they won't", "we did not, they will not"),
        ("été gelöscht", "ete geloscht"),
        ("ｈａｃｋｅｄ", "hacked"),
        ("hаckеd", "hacked"),
        ("vanishd pasword", "vanished password"),
        ("hackathon contract", "hackathon contract"),
        ("one\ntwo   three", "one two three"),
        ("one\n\n- two", "one\n\n- two"),
        ("pls reset ur pw", "please reset your password"),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_a_reach_is_no_breach() -> None:
    assert fold("within reach").text == "within reach"


def test_source_of_a_corrected_word_is_the_word_as_written() -> None:
    text = "Mein Äccount wäs hackd!"
    folded = fold(text)
    start = folded.text.index("hacked")
    a, b = folded.source(start, start + len("hacked"))
    assert text[a:b] == "hackd"


@given(st.text(max_size=200))
def test_every_folded_character_has_a_place_in_the_text(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert folded.starts == sorted(folded.starts)
    assert all(0 <= a < b <= len(text) for a, b in zip(folded.starts, folded.ends, strict=True))

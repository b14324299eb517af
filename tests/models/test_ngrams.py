"""The n-gram model: the field's terms, a complete account, and a file that can't run code."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from tierline.data.errors import BundleError
from tierline.models.runtime.ngrams import Block, NgramModel, letter_terms, word_terms

TEXTS = st.text(st.sampled_from("abCİß Ⅷ.,-_1\n\t\u00a0\u0301語"), max_size=60) | st.text(
    max_size=60
)


def made(seed: int = 1) -> NgramModel:
    rng = np.random.default_rng(seed)
    terms = (("card", "lost", "card lost", "my card"), (" ca", "card ", "ost", "x"))
    return NgramModel(
        tuple(
            Block(t, rng.uniform(1, 3, 4).astype(np.float32), rng.normal(size=(4, 3)).astype("f2"))
            for t in terms
        )
    )


@given(TEXTS)
def test_the_terms_are_those_of_scikit_learn(text: str) -> None:
    words = TfidfVectorizer(ngram_range=(1, 2)).build_analyzer()
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()
    assert sorted(t for t, _, _ in word_terms(text)) == sorted(words(text))
    assert sorted(t for t, _, _ in letter_terms(text)) == sorted(letters(text))


@given(TEXTS)
def test_terms_lie_in_the_chunks_that_they_name(text: str) -> None:
    chunks = text.lower().split()
    for kind in (word_terms, letter_terms):
        for term, first, last in kind(text):
            assert 0 <= first <= last < len(chunks)
            pieces = term.split()
            assert all(any(p in chunks[i] for i in (first, last)) for p in pieces)


def test_the_account_is_complete_by_hand() -> None:
    model = made()
    places, given_ = model.contributions("My card\nlost card")
    assert places == [(0, 2), (3, 7), (8, 12), (13, 17)]
    words, letters = model._blocks
    tf = np.array([1 + np.log(2), 1, 1, 1])  # "card" is there twice
    values = tf * words.idf
    expected = values / np.linalg.norm(values) @ words.weights.astype(np.float64)
    tf = np.array([1 + np.log(2), 1 + np.log(2), 1, 0])
    values = tf * letters.idf
    expected = expected + values / np.linalg.norm(values) @ letters.weights.astype(np.float64)
    assert given_.sum(axis=0) == pytest.approx(expected, abs=1e-3)


@given(TEXTS)
def test_places_are_the_chunks_of_the_text(text: str) -> None:
    places, contributions = made().contributions(text)
    assert [text[a:b] for a, b in places] == text.split()
    assert contributions.shape == (len(places), 3)
    assert np.isfinite(contributions).all()


@given(TEXTS)
def test_the_logits_are_the_sum_of_the_account(text: str) -> None:
    total = made().contributions(text)[1].sum(axis=0)
    assert made().logits(text) == pytest.approx(total, abs=1e-3)
    assert made().logits(text).shape == (3,)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_was_read_before_changes_nothing(texts: list[str]) -> None:
    used = made()
    for text in [*texts, *texts]:
        assert used.contributions(text)[1].tolist() == made().contributions(text)[1].tolist()


def test_long_chunks_are_not_kept() -> None:
    model = made()
    for i in range(20):
        model.contributions(f"card {'lost' * 10_000}{i}")
    assert model._kept_runs.cache_info().currsize == 1


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made().save(tmp_path / "n.npz")
    text = "my card lost"
    loaded = NgramModel.load(tmp_path / "n.npz").contributions(text)[1]
    assert loaded.tolist() == made().contributions(text)[1].tolist()


@pytest.mark.parametrize(
    "what", ["text", "pickle", "other arrays", "lengths", "cut off", "nothing"]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "n.npz"
    made().save(path)
    with np.load(path) as file:
        arrays = dict(file)
    if what == "text":
        path.write_text("no archive")
    elif what == "pickle":
        np.savez(path, **arrays | {"idf0": np.array([{}], dtype=object)})
    elif what == "other arrays":
        np.savez(path, a=np.zeros(2))
    elif what == "lengths":
        np.savez(path, **arrays | {"idf0": arrays["idf0"][:2]})
    elif what == "cut off":  # its file must not stay open: a warning, an error here
        path.write_bytes(path.read_bytes()[:-30])
    else:
        path.write_bytes(b"")
    with pytest.raises(BundleError, match="no n-gram model that this version reads"):
        NgramModel.load(path)

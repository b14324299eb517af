"""The scores of strangeness: a distance as the books have it, and a file that can't run code."""

from pathlib import Path

import numpy as np
import pytest

from tierline.data.errors import BundleError
from tierline.models.runtime.strangeness import Strangeness, unit
from tierline.models.runtime.wording import Wording

HIDDEN = 4


def made() -> Strangeness:
    rng = np.random.default_rng(2)
    mean = rng.normal(size=HIDDEN).astype(np.float32)
    whitening = rng.normal(size=(HIDDEN, HIDDEN)).astype(np.float32)
    return Strangeness(mean, whitening, Wording.fit(["please help me to log in"] * 2))


def test_the_distance_is_mahalanobis_of_the_direction() -> None:
    found, embedding = made(), np.array([3.0, -1.0, 0.5, 2.0], dtype=np.float32)
    precision = found.whitening @ found.whitening.T
    away = embedding / np.linalg.norm(embedding) - found.mean
    expected = np.sqrt(away @ precision @ away)
    assert found.distance(embedding) == pytest.approx(expected, rel=1e-5)
    assert found.distance(embedding * 7) == pytest.approx(expected, rel=1e-5)


def test_an_embedding_of_zeros_has_a_distance() -> None:
    zeros = np.zeros(HIDDEN, dtype=np.float32)
    assert unit(zeros).tolist() == [0.0] * HIDDEN
    assert np.isfinite(made().distance(zeros))


def test_a_short_text_has_no_score_for_its_language() -> None:
    embedding = np.ones(HIDDEN, dtype=np.float32)
    assert made().scores("hi", embedding).keys() == {"out_of_distribution"}
    both = made().scores("please help me to log in again", embedding)
    assert both.keys() == {"out_of_distribution", "unsupported_language"}


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made().save(tmp_path / "s.npz")
    text, embedding = "please help me to log out", np.ones(HIDDEN, dtype=np.float32)
    loaded = Strangeness.load(tmp_path / "s.npz")
    assert loaded.scores(text, embedding) == made().scores(text, embedding)


@pytest.mark.parametrize(
    "what", ["text", "pickle", "other arrays", "shapes", "buckets", "cut off", "nothing"]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "s.npz"
    made().save(path)
    with np.load(path) as file:
        arrays = dict(file)
    if what == "text":
        path.write_text("no archive")
    elif what == "pickle":
        np.savez(path, **arrays | {"mean": np.array([{}], dtype=object)})
    elif what == "other arrays":
        np.savez(path, a=np.zeros(2))
    elif what == "shapes":
        np.savez(path, **arrays | {"mean": arrays["mean"][:2]})
    elif what == "buckets":
        np.savez(path, **arrays | {"counts": arrays["counts"][:2]})
    elif what == "cut off":  # its file must not stay open: a warning, an error here
        path.write_bytes(path.read_bytes()[:-30])
    else:
        path.write_bytes(b"")
    with pytest.raises(BundleError, match="holds no scores that this version reads"):
        Strangeness.load(path)

"""A bundle that doesn't verify is refused, with the reason."""

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tierline.data import BundleError
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.manifest import NGRAMS, STRANGENESS
from tierline.training.pipeline import Trained


@pytest.fixture
def bundle(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.out, tmp_path / "bundle"))


def change_manifest(bundle: Path, **changes: Any) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))


def test_every_file_is_hashed_and_verifies(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    assert {p.name for p in bundle.iterdir()} == {*manifest.files, "manifest.json"}
    for name, digest in manifest.files.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest


def test_nothing_in_a_bundle_is_pickled(bundle: Path) -> None:
    files = [p for p in bundle.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} == {".onnx", ".json", ".npz"}
    for name in (NGRAMS, STRANGENESS):
        with np.load(bundle / name, allow_pickle=False) as arrays:
            assert all(array.dtype != object for array in arrays.values())
    for path in bundle.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name",
    ["model.fp32.onnx", "model.int8.onnx", "ngrams.npz", "strangeness.npz", "tokenizer.json"],
)
def test_an_altered_file_is_named(bundle: Path, name: str) -> None:
    path = bundle / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} was altered"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["model.fp32.onnx", "tokenizer.json", "manifest.json"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        Bundle.load(bundle)


@pytest.mark.parametrize("asked", ["is_file", "open"])
@pytest.mark.parametrize("name", ["model.fp32.onnx", "tokenizer.json", "manifest.json"])
def test_what_this_user_may_not_read_is_named(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, name: str, asked: str
) -> None:
    allowed = getattr(Path, asked)

    def ask(path: Path, *how: Any, **more: Any) -> Any:  # root may read any
        if path.name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return allowed(path, *how, **more)

    monkeypatch.setattr(Path, asked, ask)
    with pytest.raises(BundleError, match=rf"{name}, which can't \(Permission denied\): see that"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["model.int8.onnx", "manifest.json"])
def test_a_git_lfs_pointer_is_called_one(bundle: Path, name: str) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    (bundle / name).write_text(pointer)
    with pytest.raises(BundleError, match=rf"{name} is a Git LFS pointer.*git lfs pull"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["../secret", "a/b", "/etc/hostname"])
def test_a_name_that_leaves_the_folder_is_refused(bundle: Path, name: str) -> None:
    files = Bundle.load(bundle).manifest.files
    (bundle.parent / "secret").write_text("x")
    change_manifest(bundle, files=files | {name: hashlib.sha256(b"x").hexdigest()})
    with pytest.raises(BundleError, match="plain file names"):
        Bundle.load(bundle)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"format": 4}, "format"), ({"heads": []}, "heads"), ({"surprise": 1}, "surprise")],
)
def test_another_format_is_refused_by_the_key(
    bundle: Path, changes: dict[str, Any], named: str
) -> None:
    change_manifest(bundle, **changes)
    with pytest.raises(BundleError, match=rf"{named}: .*Train the bundle again"):
        Bundle.load(bundle)


def test_broken_json_is_refused(bundle: Path) -> None:
    (bundle / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match="no manifest that this version reads"):
        Bundle.load(bundle)


def test_what_answers_must_have_a_hash(bundle: Path) -> None:
    files = dict(Bundle.load(bundle).manifest.files)
    del files["tokenizer.json"]
    change_manifest(bundle, files=files)
    with pytest.raises(BundleError, match=r"no hash for tokenizer\.json"):
        Bundle.load(bundle)


def test_a_graph_that_does_not_load_is_a_bundle_error(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    (bundle / manifest.serves).write_bytes(b"no graph")
    digest = hashlib.sha256(b"no graph").hexdigest()
    change_manifest(bundle, files=manifest.files | {manifest.serves: digest})
    with pytest.raises(BundleError, match="no graph that this onnxruntime loads"):
        Predictor.load(bundle)


def test_the_version_follows_what_changes_answers(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    colder = [h.model_copy(update={"temperature": h.temperature / 2}) for h in manifest.heads]
    assert manifest.model_copy(update={"heads": tuple(colder)}).version != manifest.version
    graver = [h.model_copy(update={"quantile": 0.2}) for h in manifest.heads]
    assert manifest.model_copy(update={"heads": tuple(graver)}).version != manifest.version
    assert manifest.model_copy(update={"metrics": {"x": 1}}).version == manifest.version


def test_a_bundle_of_before_quantiles_keeps_its_version(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    heads = tuple(h.model_copy(update={"quantile": None}) for h in manifest.heads)
    without = manifest.model_copy(update={"heads": heads})
    hashed = {"heads", "serves", "thresholds", "files", "max_tokens"}
    parts = without.model_dump(include=hashed)
    for head in parts["heads"]:
        del head["quantile"]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    assert without.version == f"{manifest.name}-{digest[:12]}"


def test_a_bias_that_fits_no_label_is_refused(bundle: Path) -> None:
    change_manifest(bundle, bias=[0.0])
    with pytest.raises(BundleError, match="expected a bias for each of"):
        Bundle.load(bundle)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("safety.data_loss", float("nan")),
        ("caution.p1", float("inf")),
        ("out_of_distribution", float("nan")),
        ("ambiguous", -0.1),
        ("low_confidence.severity", 1.5),
        ("safety.security_breach", 50),
    ],
)
def test_a_threshold_that_no_probability_reaches_is_refused(
    bundle: Path, name: str, limit: float
) -> None:
    change_manifest(bundle, thresholds=Bundle.load(bundle).manifest.thresholds | {name: limit})
    with pytest.raises(BundleError, match="thresholds"):
        Bundle.load(bundle)


def test_the_limit_of_a_score_may_be_any_number(bundle: Path) -> None:
    change_manifest(bundle, thresholds={"out_of_distribution": 87.5, "unsupported_language": -2})
    assert Bundle.load(bundle).manifest.thresholds["out_of_distribution"] == 87.5


def test_a_label_that_comes_twice_is_refused(bundle: Path) -> None:
    first, *others = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["heads"]
    twice = first | {"labels": [first["labels"][0], *first["labels"][:-1]]}
    change_manifest(bundle, heads=[twice, *others])
    with pytest.raises(BundleError, match="expected every label once"):
        Bundle.load(bundle)

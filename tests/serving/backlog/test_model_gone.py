"""A model that vanishes, is cut short or exchanged while a backlog is scored."""

import json
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner, Result

from tierline.data.errors import (
    BundleError,
    InputError,
    JobError,
    ModelNotFoundError,
    TierlineError,
)
from tierline.models.runtime import graph
from tierline.models.runtime.bundle import Bundle
from tierline.serving import commands
from tierline.serving.backlog import inputs
from tierline.serving.backlog.job_state import state_path, unfinished
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands import scoring
from tierline.serving.progress import ShareProgress
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM

runner = CliRunner()
ROWS: Final = 26


@pytest.fixture(autouse=True)
def _small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 4)
    monkeypatch.setattr(commands.console, "width", 200)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [
        {"id": f"t{i}", "body": BREACH if i % 5 == 0 else CALM, "attempts": -1 if i == 3 else 1}
        for i in range(ROWS)
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path, trained: Trained) -> Path:
    """A copy of the trained bundle, to be harmed."""
    return shutil.copytree(trained.out, tmp_path / "model")


def score(source: Path, out: Path, model: Path, *options: str) -> Result:
    arguments = ["score", str(source), "--out", str(out), "--model", str(model), *options]
    return runner.invoke(commands.app, arguments)


def at_the_second_stretch(patch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Have something happen while a job is running."""

    class Watched(ShareProgress):
        told = 0

        def update(self, *arguments: Any) -> None:
            self.told += 1
            if self.told == 2:
                do()
            super().update(*arguments)

    patch.setattr(scoring, "ShareProgress", Watched)


def stop() -> None:
    raise KeyboardInterrupt


def begun(out: Path) -> dict[str, bytes]:
    """What a job that was broken off has left."""
    assert state_path(out).exists()
    return {path.name: path.read_bytes() for path in out.parent.glob(f"{out.name}*")}


def whole(source: Path, out: Path, model: Path) -> tuple[bytes, bytes]:
    made = score(source, out, model, "--now", "2025-03-10T12:00Z")
    assert made.exit_code == 0, made.output
    return written(out)


def written(out: Path) -> tuple[bytes, bytes]:
    return out.read_bytes(), quarantine_path(out).read_bytes()


def broken_off(source: Path, out: Path, model: Path, *options: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        at_the_second_stretch(patch, stop)
        score(source, out, model, "--now", "2025-03-10T12:00Z", *options)
    left = unfinished(out)
    assert left is not None
    assert 0 < left.done.records < ROWS


def vanish(model: Path) -> None:
    shutil.rmtree(model)


def cut_short(model: Path) -> None:
    graph = model / Bundle.load(model).manifest.serves
    with graph.open("r+b") as file:
        file.truncate(graph.stat().st_size // 2)


@pytest.mark.parametrize(
    ("harm", "kind", "said"),
    [
        (vanish, ModelNotFoundError, "expected a model bundle at {}; found no such folder"),
        (cut_short, BundleError, "was altered: expected SHA-256"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_job_whose_model_is_gone_can_go_on_when_it_is_back(
    tmp_path: Path,
    source: Path,
    model: Path,
    suffix: str,
    harm: Callable[[Path], None],
    kind: type[TierlineError],
    said: str,
) -> None:
    wanted = whole(source, tmp_path / f"whole{suffix}", model)
    out, kept = tmp_path / f"out{suffix}", tmp_path / "kept"
    broken_off(source, out, model)
    before = begun(out)
    shutil.copytree(model, kept)
    harm(model)
    made = score(source, out, model, "--resume")
    assert type(made.exception) is kind
    assert said.format(model) in str(made.exception)
    assert begun(out) == before
    shutil.rmtree(model, ignore_errors=True)
    kept.rename(model)
    assert score(source, out, model, "--resume").exit_code == 0
    assert written(out) == wanted


def test_a_job_does_not_go_on_with_another_model(
    tmp_path: Path, source: Path, model: Path, fast_bundle: Path
) -> None:
    wanted = whole(source, tmp_path / "whole.csv", model)
    out, first = tmp_path / "out.csv", tmp_path / "first"
    broken_off(source, out, model)
    before = begun(out)
    model.rename(first)
    shutil.copytree(fast_bundle, model)
    made = score(source, out, model, "--resume")
    versions = [Bundle.load(folder).manifest.version for folder in (first, model)]
    assert isinstance(made.exception, InputError)
    expected = "model version: it began with {}; found {}".format(*versions)
    assert expected in str(made.exception)
    assert "Give what it began with" in str(made.exception)
    assert begun(out) == before
    shutil.rmtree(model)
    first.rename(model)
    assert score(source, out, model, "--resume").exit_code == 0
    assert written(out) == wanted


@pytest.mark.parametrize("harm", [vanish, cut_short])
def test_a_running_job_has_its_model(
    tmp_path: Path,
    source: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], None],
) -> None:
    wanted = whole(source, tmp_path / "whole.csv", model)
    at_the_second_stretch(monkeypatch, lambda: harm(model))
    assert whole(source, tmp_path / "out.csv", model) == wanted
    with pytest.raises(TierlineError):
        Bundle.load(model)


@pytest.mark.usefixtures("processor_as_gpu")
def test_a_job_goes_on_with_its_own_device(source: Path, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.jsonl"
    broken_off(source, out, model, "--device", "cuda")
    kept = begun(out)
    refused = score(source, out, model, "--resume")
    assert isinstance(refused.exception, InputError)
    assert "--device: it began with cuda; found cpu" in str(refused.exception)
    assert begun(out) == kept
    assert score(source, out, model, "--resume", "--device", "cuda").exit_code == 0


@pytest.mark.usefixtures("processor_as_gpu")
def test_a_job_stops_where_a_gpu_fails(
    source: Path, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, whole, out = graph.gpu_session, tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    options = ("--device", "cuda", "--now", "2025-03-10T12:00Z")
    assert score(source, whole, model, *options).exit_code == 0

    def fails(path: Path) -> Any:
        session = works(path)
        run, calls = session.run, count()

        def twice(*asked: Any) -> Any:
            if next(calls) > 1:
                raise RuntimeError("CUDA failure 2: out of memory")
            return run(*asked)

        session.run = twice
        return session

    with monkeypatch.context() as patch:
        patch.setattr(graph, "gpu_session", fails)
        stopped = score(source, out, model, *options)
    assert isinstance(stopped.exception, JobError)
    assert "nvidia-smi" in str(stopped.exception)
    assert score(source, out, model, "--resume", "--device", "cuda").exit_code == 0
    assert written(out) == written(whole)

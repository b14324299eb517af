"""Scoring on a GPU, here by the processor's fp32 kernels in its place."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.graph import Device
from tierline.models.runtime.manifest import MANIFEST, ONNX_FP32
from tierline.serving import commands
from tierline.serving.backlog import answering_process, wire
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.processes import Processes
from tierline.serving.backlog.writers import answer_codec
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM

NOW = "2026-03-02T16:00Z"
TEXTS = [CALM, BREACH, "The invoice charged my card twice. " * 9, "", "nobody can work 💛"] * 8


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"body": text}) + "\n" for text in TEXTS))
    return path


def score(source: Path, out: Path, *options: str) -> list[dict[str, Any]]:
    arguments = ["score", str(source), "--out", str(out), "--now", NOW, *options]
    result = CliRunner().invoke(commands.app, arguments)
    if result.exception:
        raise result.exception
    return [json.loads(line) for line in out.read_text().splitlines()]


@pytest.mark.usefixtures("processor_as_gpu")
def test_the_decisions_are_the_processors(source: Path, tmp_path: Path, trained: Trained) -> None:
    exact = shutil.copytree(trained.out, tmp_path / "exact")
    manifest = Bundle.load(exact).manifest.model_copy(update={"serves": ONNX_FP32})
    (exact / MANIFEST).write_text(manifest.model_dump_json())
    model = ("--model", str(exact))
    there = score(source, tmp_path / "cuda.jsonl", *model, "--device", "cuda")
    here = score(source, tmp_path / "cpu.jsonl", *model)
    assert len(there) == len(here) == len(TEXTS)
    for a, b in zip(there, here, strict=True):
        for field in ("id", "tier", "severity", "issue_type", "sentiment", "mode", "reasons"):
            assert a[field] == b[field]


def test_without_a_gpu_nothing_is_written(
    source: Path, tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InputError, match="expected an onnxruntime built for CUDA"):
        score(source, out, "--model", str(trained.out), "--device", "cuda")
    assert not out.exists() and unfinished(out) is None


@pytest.mark.parametrize("other", ["--rules-only", "--engine=ray"])
def test_a_gpu_that_would_go_unused(source: Path, tmp_path: Path, other: str) -> None:
    with pytest.raises(InputError, match="found both: the GPU would go unused"):
        score(source, tmp_path / "out.jsonl", "--device", "cuda", other)


@pytest.mark.usefixtures("processor_as_gpu")
def test_other_processes_compute_there_too(tmp_path: Path, trained: Trained) -> None:
    out, policy = tmp_path / "out.csv", load_policy()
    predictor = Predictor.load(trained.out, device=Device.CUDA)
    here = Answering(Router(policy, predictor), datetime.now(UTC), answer_codec(out))
    told = wire.told_from(wire.told_bytes(Processes(here, out, 0)._told()))
    assert told.device is Device.CUDA
    router = answering_process._answering(told).router
    assert router.predictor is not None and router.predictor.device is Device.CUDA
    alone = answering_process._answering(replace(told, device=Device.CPU)).router
    assert alone.predictor is not None and alone.predictor.device is Device.CPU
    for opened in (predictor, router.predictor, alone.predictor):
        opened.close()

"""`tierline bench speed`: the same weights in other libraries' hands give the same answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from rich.console import Console

from tierline.data import InputError, Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.graph import Device
from tierline.models.runtime.manifest import ONNX_FP32
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import load_policy
from tierline.training.pipeline import Trained
from tierline.training.speed import command
from tierline.training.speed.backlog import BacklogScorer
from tierline.training.speed.command import SpeedJob, _names, run
from tierline.training.speed.contestants import CONTESTANTS, FP32, Setting
from tierline.training.speed.reading import Asked, Reading
from tierline.training.speed.restore import restore
from tierline.training.speed.work import work_of

TEXTS = ("the invoice charged my card twice. please advise", "I cannot log in", "")


@pytest.fixture(scope="module")
def folder(trained: Trained) -> Path:
    return trained.out


def test_the_weights_come_back_from_the_graph(folder: Path) -> None:
    bundle = Bundle.load(folder)
    restored = restore(bundle)
    fp32 = bundle.manifest.model_copy(update={"serves": ONNX_FP32})
    predictor = Predictor(Bundle(folder, fp32), threads=1)
    try:
        for text in TEXTS[:2]:
            ids = restored.tokenizer([text], return_tensors="pt")
            with torch.no_grad():
                states = restored.encoder(**ids).last_hidden_state
            found = predictor.embeddings([Ticket(body=text)])
            np.testing.assert_allclose(states.mean(dim=1).numpy(), found, atol=1e-4)
    finally:
        predictor.close()


@pytest.mark.parametrize("name", ["transformers.pipeline", "onnxruntime"])
def test_other_libraries_answer_with_the_encoder(folder: Path, name: str) -> None:
    tickets = [Ticket(body=text) for text in TEXTS[:2]]
    bundle = Bundle.load(folder)
    answers = CONTESTANTS[name](Setting(folder, 1, 2))(tickets)
    assert list(answers) == [head.name for head in bundle.manifest.heads]
    one_by_one = [CONTESTANTS[name](Setting(folder, 1, 1))([ticket]) for ticket in tickets]
    for head in bundle.manifest.heads:
        assert set(answers[head.name]) <= set(head.labels)
        assert list(answers[head.name]) == [one[head.name][0] for one in one_by_one]


def test_work_grows_with_the_tokens(folder: Path) -> None:
    bundle = Bundle.load(folder)
    short = work_of(bundle, [Ticket(body="I cannot log in")])
    long = work_of(bundle, [Ticket(body="I cannot log in " * 4)])
    assert 4 * short.tokens > long.tokens > 2 * short.tokens
    assert long.operations > long.tokens / short.tokens * short.operations


def test_a_table_is_made_and_written(
    folder: Path, tmp_path: Path, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_BATCHES", (8,))  # each one tried is a process
    names = ("transformers.pipeline", "tierline", "tierline score")
    out = tmp_path / "speed"
    job = SpeedJob(folder, [tickets], {}, out, 12, 1, 1, names)
    console = Console(width=200, record=True)
    run(job, console, console)
    lines = {line["name"]: line for line in json.loads((out / "speed.json").read_text())["lines"]}
    assert tuple(lines) == names
    assert lines["transformers.pipeline"]["ratio"] == 1.0
    for line in lines.values():
        assert line["tickets_per_second"] > 0
        assert 0 < line["gemm"] < 1
        assert all(0 <= value <= 1 for value in line["macro_f1"].values())
    assert "| tierline |" in (out / "speed.md").read_text()
    assert lines["tierline score"]["macro_f1"] == lines["tierline"]["macro_f1"]


def test_the_peak_is_the_best_of_all_rounds(
    folder: Path, tmp_path: Path, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = iter([2e9, 3e9, 1e9])
    monkeypatch.setattr(command, "gemm_peak", lambda *_: next(peaks))
    monkeypatch.setattr(command, "read", lambda _: Reading(1.0, 1.0, 1.0, {}))
    names = ("tierline", FP32)
    run(SpeedJob(folder, [tickets], {}, tmp_path, 12, 3, 1, names), Console(), Console())
    told = json.loads((tmp_path / "speed.json").read_text())
    assert told["about"]["peak"].startswith("3 GFLOP/s")


def test_a_policys_line_separator_ends_no_answer(folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'name = "own"\n[[triggers]]\nid = "trigger.own"\ntext = "one\u2028two"\n'
        'when = { phrases = ["invoice"] }\nraise_to = 2\n',
        encoding="utf-8",
    )
    predictor = Predictor.load(folder, threads=1)
    try:
        found = BacklogScorer(load_policy(policy), predictor, 1)([Ticket(body=TEXTS[0])])
    finally:
        predictor.close()
    assert {name: len(labels) for name, labels in found.items()} == dict.fromkeys(found, 1)


def test_bad_rows_of_every_file_are_told_of_beside_the_table(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "one.jsonl.quarantine.jsonl"
    other.write_text("of another command")
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for file in files:
        file.write_text('{"body": "please advise"}\n{"body": " "}\n')
    errors = Console(width=400, record=True)
    job = SpeedJob(folder, files, {}, tmp_path / "a" / "speed[x]", 12, 1, 1, ("tierline",))
    console = Console(width=400, record=True)
    run(job, console, errors)
    assert f"table: {job.out / 'speed.md'} and" in console.export_text()
    place = job.out / "speed.md.quarantine.jsonl"
    assert f"2 rows quarantined, with reasons: {place}" in errors.export_text()
    told = map(json.loads, place.read_text().splitlines())
    assert [line["file"] for line in told] == ["one.jsonl", "two.jsonl"]
    assert other.read_text() == "of another command"


def test_a_folder_that_can_not_be_made_is_refused_before_the_work(
    folder: Path, tmp_path: Path, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(command, "read")
    (tmp_path / "out").write_text("a file")
    job = SpeedJob(folder, [tickets], {}, tmp_path / "out", 12, 1, 1, ("tierline",))
    with pytest.raises(InputError, match=r"--out: .*out can't be used"):
        run(job, Console(quiet=True), Console(quiet=True))


@pytest.mark.parametrize(
    ("seconds", "best", "tried"),
    [
        ({1: 5.0, 2: 4.0, 4: 6.1, 8: 1.0}, 2, [1, 2, 4]),  # far worse than the best: no further
        ({1: 5.0, 2: 4.0, 4: 5.9, 8: 1.0}, 8, [1, 2, 4, 8]),  # a little worse: goes on
    ],
)
def test_the_fastest_batch_size_is_looked_for_until_it_gets_far_worse(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float], best: int, tried: list[int]
) -> None:
    asked = []

    def read(one: Asked) -> Reading:
        asked.append(one.batch)
        return Reading(seconds[one.batch], 1.0, 1.0, {})

    monkeypatch.setattr(command, "_BATCHES", tuple(seconds))
    monkeypatch.setattr(command, "read", read)
    job = Asked("onnxruntime", "bundle", 1, 0, "tickets.jsonl", None)
    assert command._best_batch(job) == best
    assert asked == tried


def test_labels_that_the_policy_does_not_know_leave_one_out(
    folder: Path, tmp_path: Path, tickets: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "small"\n[tiers.3]\nowns = ["bug"]\n')
    names = ("tierline", "tierline score")
    job = SpeedJob(folder, [tickets], {}, tmp_path, 12, 1, 1, names, policy)
    errors = Console(width=200, record=True)
    run(job, Console(quiet=True), errors)
    lines = json.loads((tmp_path / "speed.json").read_text())["lines"]
    assert [line["name"] for line in lines] == ["tierline"]
    assert "tierline score: policy small-" in errors.export_text()


def test_an_unknown_contestant_is_refused(folder: Path, tmp_path: Path, tickets: Path) -> None:
    job = SpeedJob(folder, [tickets], {}, tmp_path, 12, 1, 1, ("vllm",))
    with pytest.raises(InputError, match="found vllm"):
        run(job, Console(quiet=True), Console(quiet=True))


def test_a_machine_without_a_gpu_is_refused_at_once(
    folder: Path, tmp_path: Path, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = SpeedJob(folder, [tickets], {}, tmp_path / "out", 12, 1, 1, device=Device.CUDA)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for providers, said in (
        (["CPUExecutionProvider"], "expected an onnxruntime built for CUDA"),
        (["CUDAExecutionProvider"], "expected a GPU that torch can use"),
    ):
        monkeypatch.setattr(ort, "get_available_providers", lambda found=providers: found)
        with pytest.raises(InputError, match=said):
            run(job, Console(quiet=True), Console(quiet=True))
    assert not job.out.exists()


def test_nothing_is_timed_twice(folder: Path, tmp_path: Path) -> None:
    manifest = Bundle.load(folder).manifest
    job = SpeedJob(folder, [], {}, tmp_path, 12, 1, 1)
    here = _names(job, manifest, Console(quiet=True))
    there = _names(replace(job, device=Device.CUDA), manifest, Console(quiet=True))
    assert set(here) - set(there) == {FP32}

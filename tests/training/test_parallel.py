"""Several processes learn what one would: shares, sums, dropout, and the real launch."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from torch import nn

from tierline.data import LaunchError
from tierline.data.corpus import Corpus, load_corpus
from tierline.data.quarantine import Quarantine
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.manifest import NGRAMS, ONNX_FP32
from tierline.training import joining
from tierline.training.batches import collate, in_length_order
from tierline.training.fit import fit
from tierline.training.joining import joined
from tierline.training.launch import Launch, launched
from tierline.training.parallel import Processes
from tierline.training.pipeline import TrainJob, train
from tierline.training.recipe import Recipe

ROOT = Path(__file__).parents[2]
#: Rounding differs with the order of sums, and bfloat16 has a hundred times coarser steps.
TOLERANCE = {"fp32": 1e-4, "bf16": 0.1}
#: Seconds after which a process that should have ended is ended.
PATIENCE = 900
NO_TICKETS = Corpus({"train": (), "validation": ()}, {})
COMMAND = ("-m", "tierline.training", "train")


CPU = torch.device("cpu")


def all_of(count: int) -> list[Processes]:
    """Return processes told their places, with a stand-in for what links them."""
    link: Any = SimpleNamespace(prepare=lambda model: model)
    return [Processes(CPU, Launch(rank, count), link) for rank in range(count)]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 7))
def test_shares_are_the_batch_and_none_is_without_input(lengths: list[int], count: int) -> None:
    items = [torch.full((n,), i) for i, n in enumerate(lengths)]
    whole = collate(items, range(len(items)))
    shares = [p.share(whole) for p in all_of(count)]
    assert torch.equal(torch.cat([s.rows for s in shares]), whole.rows)
    sizes = [len(s.rows) for s in shares]
    assert max(sizes) - min(sizes) <= 1
    for share in shares:
        assert len(share.inputs) == len(share.attention_mask) == max(1, len(share.rows))
        for row, tokens, mask in zip(
            share.rows.tolist(), share.inputs, share.attention_mask, strict=False
        ):
            assert tokens[mask == 1].tolist() == items[row].tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 20), st.integers(1, 7))
def test_every_evaluated_batch_has_one_owner(rows: int, count: int) -> None:
    items = [torch.tensor([i]) for i in range(rows)]
    owned = [p.own(in_length_order(items, 3)) for p in all_of(count)]
    found = chain.from_iterable(batch.rows.tolist() for batch in chain.from_iterable(owned))
    assert sorted(found) == list(range(rows))


def test_alone_everything_is_its_own() -> None:
    alone, batch = Processes(CPU), collate([torch.tensor([1])], [0])
    model = nn.Dropout(0.1)
    assert alone.prepare(model) is model
    assert alone.share(batch) is batch
    assert list(alone.own([batch])) == [batch]
    assert alone.sum_up(torch.tensor(2.5)).item() == 2.5


@pytest.mark.parametrize("count", [2, 3, 8])
def test_shares_drop_what_one_process_would_drop(count: int) -> None:
    states = torch.randn(5, 7, 6)
    torch.manual_seed(1)
    whole = nn.Dropout(0.4)(states)
    batch, shares = collate([torch.tensor([1])] * 5, range(5)), []
    for process in all_of(count):
        model = process.prepare(nn.Sequential(nn.Identity(), nn.Dropout(0.4)))
        share = process.share(batch)
        torch.manual_seed(1)
        shares.append(model(states[share.rows] if len(share.rows) else states[:1]))
        shares[-1] = shares[-1][: len(share.rows)]
        assert torch.equal(model.eval()(states), states)
    assert torch.equal(torch.cat(shares), whole)
    assert not torch.equal(whole, states)


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ({}, Launch(0, 1)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, Launch(0, 1)),
        ({"RANK": "1", "WORLD_SIZE": "3"}, Launch(1, 3)),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}, Launch(2, 4)),
        ({"WORLD_SIZE": "8"}, Launch(0, 1)),
    ],
)
def test_the_launcher_says_which_process_this_is(
    names: dict[str, str], place: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert launched() == place
    assert launched().main == (place.rank == 0)


def test_commands_that_do_not_share_their_work_refuse_a_launch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    job = TrainJob([], tmp_path / "bundle")
    with pytest.raises(LaunchError, match=r"process 2 of 2.*without accelerate launch"):
        train(job, Console(file=StringIO()))


def test_a_failed_process_ends_with_code_1_whatever_torch_left_behind(tmp_path: Path) -> None:
    code = (
        "import atexit, os, sys; atexit.register(os.abort); "
        "from tierline.training.cli import main; "
        "sys.argv[1:] = ['train', 'none.csv', '--out', 'bundle']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path, RANK="1", WORLD_SIZE="2"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1, done.stderr
    assert "error in process 2 of 2: " in done.stderr


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this process the second of two, with a stand-in for what connects them."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    alone = SimpleNamespace(
        device=CPU,
        gather=lambda own: torch.cat([own, own]),
        end_training=lambda: None,
    )
    monkeypatch.setattr(joining, "_accelerator", lambda launch: alone)
    yield
    signal.signal(signal.SIGTERM, before)


def stop_by_launcher() -> None:
    signal.raise_signal(signal.SIGTERM)


def lose_the_other() -> None:
    raise RuntimeError("Connection closed by peer\nand more")


@pytest.mark.parametrize(
    ("happen", "said"),
    [
        (stop_by_launcher, "another one failed, and says why"),
        (lose_the_other, r"broke off: Connection closed by peer\. If another"),
    ],
)
def test_when_another_process_fails_this_one_ends_with_a_message(
    connected: None, happen: Callable[[], None], said: str
) -> None:
    with pytest.raises(LaunchError, match=said), joined(NO_TICKETS, Recipe()) as processes:
        assert processes.place == Launch(1, 2)
        happen()
    stop_by_launcher()  # and isn't killed while it says so


def test_a_training_that_ends_well_can_be_ended_as_before(connected: None) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with joined(NO_TICKETS, Recipe()):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.fixture(scope="module")
def three_layers(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder with a third layer: the recipe freezes the lowest and keeps its states."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoders") / "three"
    shutil.copytree(encoder, folder)
    torch.manual_seed(4)
    config = BertConfig.from_pretrained(folder, num_hidden_layers=3)
    BertModel(config).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def uneven(tickets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """97 tickets to train on: the last batch of an epoch holds one, so one process has none."""
    lines = tickets.read_text(encoding="utf-8").splitlines(keepends=True)
    train = [line for line in lines if json.loads(line)["split"] == "train"]
    path = tmp_path_factory.mktemp("uneven") / "tickets.jsonl"
    path.write_text("".join(line for line in lines if line not in train[97:]), encoding="utf-8")
    return path


def environment(folder: Path, **names: str) -> dict[str, str]:
    """Return an environment for a process on the CPU that talks through the loopback only."""
    rooms = os.pathsep.join(str(ROOT / r) for r in ("training", "serving", "models", "data"))
    return os.environ | {
        "PYTHONPATH": rooms,
        "HF_HOME": str(folder / "home"),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo",
        **names,
    }


def test_two_processes_learn_what_one_learns(
    own_store: Path, uneven: Path, three_layers: Path
) -> None:
    epochs, out = 4, own_store / "bundle"
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launch += ["--num_processes", "2", "--main_process_port", "0", *COMMAND, str(uneven)]
    done = subprocess.run(
        [*launch, "--out", str(out), "--encoder", str(three_layers), "--epochs", str(epochs)],
        env=environment(own_store),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on 2 processes" in done.stdout
    assert done.stdout.count("make it the champion") == 1
    assert {p.name for p in own_store.iterdir()} == {"bundle", "mlflow.db", "mlruns"}

    client = mlflow.MlflowClient()
    (version,) = client.search_model_versions("name='tierline'")
    (run,) = mlflow.search_runs(experiment_names=["tierline"], output_format="list")
    assert version.run_id == run.info.run_id
    assert run.info.status == "FINISHED"
    assert run.data.params["processes"] == "2"

    with Quarantine(own_store / "quarantine.jsonl") as quarantine:
        corpus = load_corpus([uneven], {}, quarantine, Recipe.seed)
    recipe = Recipe(encoder=str(three_layers), epochs=epochs)
    alone = fit(corpus, recipe, lambda _: None, lambda _epoch, _scores: None)
    assert alone.model.frozen_layers == 1
    assert run.data.params["best_epoch"] == str(alone.best_epoch)
    history = client.get_metric_history(run.info.run_id, "train_loss")
    losses = [scores["train_loss"] for scores in alone.history]
    np.testing.assert_allclose([m.value for m in history], losses, rtol=1e-4)
    rows = corpus.parts["validation"]
    bundle = Bundle.load(out)
    files = {name: digest for name, digest in bundle.manifest.files.items() if name != NGRAMS}
    encoder = bundle.manifest.model_copy(update={"serves": ONNX_FP32, "files": files})
    predictor = Predictor(Bundle(out, encoder))
    together = predictor.logits(row.ticket for row in rows)
    predictor.close()
    # The n-gram model's bias is the same for every ticket.
    gap = np.ptp(together - alone.logits(rows), axis=0).max()
    assert gap < TOLERANCE[alone.precision]


@pytest.fixture
def main_of_two(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Make this process the first machine's of two; yields what the second machine's is told."""
    from accelerate.state import AcceleratorState

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"}
    names |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo"}
    for name, value in {**names, "RANK": "0", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    AcceleratorState._reset_state(reset_partial_state=True)  # a Trainer may have run here
    yield {**names, "RANK": "1"}
    signal.signal(signal.SIGTERM, before)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    AcceleratorState._reset_state(reset_partial_state=True)


def test_a_machine_with_other_tickets_ends_all(
    own_store: Path, tickets: Path, uneven: Path, encoder: Path, main_of_two: dict[str, str]
) -> None:
    out = own_store / "bundle"
    command = [*COMMAND, str(uneven), "--out", str(out), "--encoder", str(encoder)]
    with subprocess.Popen(
        [sys.executable, *command],
        env=environment(own_store, **main_of_two),
        stderr=subprocess.PIPE,
        text=True,
    ) as second:
        job = TrainJob([tickets], out, Recipe(encoder=str(encoder)))
        difference = "expected every process to read the same.*process 2 of 2 read others"
        try:
            with pytest.raises(LaunchError, match=difference):
                train(job, Console(file=StringIO()))
            _, said = second.communicate(timeout=PATIENCE)
        finally:
            second.kill()
    assert second.returncode == 1, said
    assert "error in process 2 of 2: expected every process to read the same" in said
    assert {p.name for p in own_store.iterdir()} <= {"mlflow.db", "mlruns"}
    (run,) = mlflow.search_runs(experiment_names=["tierline"], output_format="list")
    assert run.info.status == "FAILED"
    assert not mlflow.MlflowClient().search_model_versions("name='tierline'")

"""One tiny encoder, one small labelled corpus and one trained bundle, made once per session."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tierline.models.runtime import Predictor
    from tierline.training.pipeline import Trained
    from tierline.training.recipe import Recipe

ISSUES = {
    "access": "I cannot log in and the password reset link is dead",
    "billing": "the invoice charged my card twice",
    "bug": "the export button crashes the app every time",
    "data_loss": "all our files were deleted and the records are gone",
    "security_breach": "a stranger sees our customers in his own account",
}
SEVERITIES = {
    "P1": "nobody in the whole company can work",
    "P2": "one large team is blocked",
    "P3": "only one colleague notices it",
    "P4": "there is no hurry, whenever it suits you",
}
SENTIMENTS = {
    "very_negative": "this is a disgrace and I am furious",
    "negative": "I am disappointed",
    "neutral": "please advise",
    "positive": "thank you, you have been lovely so far",
}
PLACES = ("Oslo", "Porto", "Leeds", "Graz", "Turin", "Ghent", "Lyon", "Bern")


def labelled_rows() -> list[dict[str, Any]]:
    """Return 160 tickets whose words give every label away, in a fixed random order."""
    rng = random.Random(5)  # noqa: S311
    rows: list[dict[str, Any]] = []
    for issue, severity, sentiment in [*product(ISSUES, SEVERITIES, SENTIMENTS)] * 2:
        pieces = [ISSUES[issue], SEVERITIES[severity], SENTIMENTS[sentiment]]
        rng.shuffle(pieces)
        labels = {"issue_type": issue, "severity": severity, "sentiment": sentiment}
        rows.append({"body": f"Office {rng.choice(PLACES)}: {'. '.join(pieces)}.", **labels})
    rng.shuffle(rows)
    for i, row in enumerate(rows):
        row["id"] = f"t{i}"
        row["split"] = "train" if i % 20 < 14 else "validation" if i % 20 < 17 else "test"
    return rows


def planted_rows() -> list[dict[str, Any]]:
    """Return the corpus of planted secrets: ``text``, ``secrets`` in it, and words to ``keep``.

    In the file a broken bar parts what scanners of repositories would take for real keys.
    """
    file = Path(__file__).parent / "data" / "planted_secrets.jsonl"
    lines = file.read_text(encoding="utf-8").replace("¦", "").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def planted() -> list[dict[str, Any]]:
    """The corpus of planted secrets (see `planted_rows`)."""
    return planted_rows()


@pytest.fixture(scope="session")
def assert_linear() -> Callable[[Callable[[str], object], str], None]:
    """A check that work on a text of one repeated unit grows with its length only.

    Of 32 times the text, linear work is 32 times, square work 1,024 times; halfway between them
    (320) stands the bound, ten times above what is due, so that no busy machine can cross it.
    """

    def seconds(work: Callable[[str], object], text: str) -> float:
        start = time.thread_time()
        work(text)
        return time.thread_time() - start

    def check(work: Callable[[str], object], unit: str) -> None:
        short, long = ((unit * chars)[:chars] for chars in (2_000, 64_000))
        least = min(seconds(work, short) for _ in range(5))
        assert any(seconds(work, long) < 320 * least for _ in range(3))

    return check


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store without a model, to copy: making one takes seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the session's training works in; MLflow's store is there too."""
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights, and the tokenizer of the corpus's words.

    Its pieces are in a file: training them breaks ties at random, and so would make another model
    in every run.
    """
    import torch
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    pieces = BertWordPieceTokenizer(str(Path(__file__).with_name("wordpieces.txt")), lowercase=True)
    pieces.save(str(folder / "trained.json"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "trained.json"),
        **{f"{n}_token": f"[{n.upper()}]" for n in ("unk", "sep", "pad", "cls", "mask")},
    )
    torch.set_num_threads(1)  # more only wait for each other on a model this small
    torch.manual_seed(3)
    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=128,
        )
    )
    (folder / "trained.json").unlink()
    tokenizer.save_pretrained(str(folder))
    model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The labelled corpus as JSON Lines, with a split column.

    Every ticket quotes a text with planted secrets. The model doesn't read quotes, so it learns
    as if they weren't there; `test_privacy` looks for them in all that the training leaves.
    """
    rows = labelled_rows()
    for row, planted in zip(rows, planted_rows(), strict=False):
        row["body"] += "\n" + planted["text"]
        row["body"] = row["body"].replace("\n", "\n> ")
    return write_rows(tmp_path_factory.mktemp("tickets") / "tickets.jsonl", rows)


@pytest.fixture(scope="session")
def more_tickets(tickets: Path) -> Path:
    """Labelled rows that can't be used, with planted secrets, or are in a language of few."""
    secrets = "\n".join(row["text"] for row in planted_rows())
    rows: list[dict[str, Any]] = [
        {"id": "m1", "body": "Office Bern: please advise", "sentiment": "neutral"},
        {"id": "m2", "body": secrets, "sentiment": "neutral", "attempts": -1},
    ]
    german = "Unsere Rechnung wurde zweimal abgebucht, bitte schnell erstatten"
    few = {"body": german, "language": "de", "sentiment": "negative", "split": "train"}
    rows += [few | {"id": f"m{i}"} for i in (3, 4)]
    return write_rows(tickets.with_name("more.jsonl"), rows)


@pytest.fixture(scope="session")
def recipe(encoder: Path) -> Recipe:
    """Settings with which the tiny encoder learns the corpus within seconds."""
    from tierline.training.recipe import Recipe

    return Recipe(
        encoder=str(encoder),
        max_tokens=64,
        epochs=14,
        patience=14,
        batch_size=16,
        encoder_lr=3e-3,
        head_lr=1e-2,
    )


@pytest.fixture(scope="session")
def trained(
    workplace: Path, empty_store: Path, tickets: Path, more_tickets: Path, recipe: Recipe
) -> Trained:
    """One whole training, from files to a registered version."""
    from rich.console import Console

    from tierline.training.pipeline import TrainJob, train

    job = TrainJob([tickets, more_tickets], workplace / "bundle", recipe)
    said = workplace / "console.txt"
    with pytest.MonkeyPatch.context() as patch, said.open("w", encoding="utf-8") as file:
        _use_store(patch, workplace, empty_store)
        return train(job, Console(file=file))


@pytest.fixture(scope="session")
def fast_bundle(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, tickets: Path, recipe: Recipe
) -> Path:
    """The folder of a bundle whose n-grams answer alone where they are sure."""
    from dataclasses import replace

    from rich.console import Console

    from tierline.training.pipeline import TrainJob, train

    folder = tmp_path_factory.mktemp("fast")
    job = TrainJob([tickets], folder / "bundle", replace(recipe, epochs=4, fast_risk=0.1))
    with (
        pytest.MonkeyPatch.context() as patch,
        (folder / "console.txt").open("w", encoding="utf-8") as file,
    ):
        _use_store(patch, folder, empty_store)
        return train(job, Console(file=file, width=200)).out


@pytest.fixture
def store(workplace: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the session's training worked, with its MLflow store."""
    _use_store(monkeypatch, workplace)


@pytest.fixture
def own_store(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own, with an MLflow store of its own."""
    _use_store(monkeypatch, tmp_path, empty_store)
    return tmp_path


@pytest.fixture(scope="session")
def predictor(trained: Trained) -> Iterator[Predictor]:
    """The trained bundle, loaded."""
    from tierline.models.runtime import Predictor

    loaded = Predictor.load(trained.out, threads=2)
    yield loaded
    loaded.close()


def _use_store(patch: pytest.MonkeyPatch, folder: Path, copy_of: Path | None = None) -> None:
    import mlflow

    if copy_of is not None:
        shutil.copy(copy_of, folder / "mlflow.db")
    patch.chdir(folder)
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

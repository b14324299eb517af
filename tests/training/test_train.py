"""A training from files to a champion: what is recorded, repeated, refused and quarantined."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Run
from rich.console import Console

from tierline.data import BundleError, InputError, ModelNotFoundError, Ticket
from tierline.data.corpus import Corpus, load_corpus
from tierline.data.digest import sha256
from tierline.data.quarantine import Quarantine
from tierline.models.encoder import load_pretrained
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.manifest import STRANGENESS
from tierline.models.runtime.strangeness import Strangeness
from tierline.serving.backlog.writers import COLUMNS
from tierline.serving.model_source import load_predictor
from tierline.training.certify import UNPROMISED
from tierline.training.export import check_parity
from tierline.training.fit import Fitted, fit
from tierline.training.pipeline import Trained, TrainJob, train
from tierline.training.recipe import Recipe, batch_for, epochs_for, frozen_share_for
from tierline.training.retraining.registry import promote

QUIET = Console(file=StringIO())


@pytest.fixture
def run(store: None, trained: Trained) -> Run:
    version = mlflow.MlflowClient().get_model_version("tierline", trained.version)
    return mlflow.get_run(version.run_id)


@pytest.fixture(scope="module")
def corpus(tickets: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with Quarantine(tmp_path_factory.mktemp("corpus") / "quarantine.jsonl") as quarantine:
        return load_corpus([tickets], {}, quarantine, seed=1)


@pytest.fixture(scope="module")
def fit_once(corpus: Corpus, recipe: Recipe) -> Callable[[int], Fitted]:
    def once(seed: int) -> Fitted:
        short = replace(recipe, epochs=2, seed=seed)
        return fit(corpus, short, lambda _: None, lambda _epoch, _scores: None)

    return once


def test_the_corpus_is_learnt(trained: Trained) -> None:
    for head, report in trained.evaluations[0].model.items():
        assert report.figures["macro_f1"].value > 0.8, head


def test_the_run_records_recipe_and_sizes(run: Run, recipe: Recipe) -> None:
    params = run.data.params
    assert params["encoder"] == recipe.encoder
    assert params["epochs"] == str(recipe.epochs)
    assert params["seed"] == str(recipe.seed)
    assert params["precision"] in {"bf16", "fp32"}
    assert 1 <= int(params["best_epoch"]) <= int(params["epochs"])
    sizes = {part: int(params[f"rows_{part}"]) for part in ("train", "validation", "test")}
    assert sizes == {"train": 115, "validation": 24, "test": 24}


def test_tickets_in_a_language_of_few_are_learnt_from_but_make_it_no_less_strange(
    trained: Trained, run: Run
) -> None:
    learnt = int(run.data.params["rows_train"])
    assert Strangeness.load(trained.out / STRANGENESS).wording.tickets == learnt - 2


def test_the_run_records_every_epoch(run: Run) -> None:
    client, epochs = mlflow.MlflowClient(), int(run.data.params["epochs"])
    for name in ("train_loss", "validation_loss", "validation_severity_macro_f1"):
        history = client.get_metric_history(run.info.run_id, name)
        assert [m.step for m in history] == list(range(1, epochs + 1))
    losses = [m.value for m in client.get_metric_history(run.info.run_id, "train_loss")]
    assert losses[-1] < losses[0] < 3


def test_the_run_names_its_data_by_digest(
    run: Run, tickets: Path, more_tickets: Path, trained: Trained
) -> None:
    found = {i.dataset.name: i.dataset.digest for i in run.inputs.dataset_inputs}
    expected = {p.name: sha256(p) for p in (tickets, more_tickets)}
    assert found == {name: digest[: len(found[name])] for name, digest in expected.items()}
    assert min(map(len, found.values())) >= 8
    assert Bundle.load(trained.out).manifest.data["files"] == expected


def test_the_run_keeps_tables_and_pictures(run: Run, workplace: Path) -> None:
    client = mlflow.MlflowClient()
    found = {a.path for a in client.list_artifacts(run.info.run_id, "test")}
    heads = ("severity", "issue_type", "sentiment")
    expected = {"test/evaluation.json"}
    for head in (*heads, "tier"):
        expected |= {f"test/model_{head}_{kind}.png" for kind in ("reliability", "risk_coverage")}
    for head in heads:
        expected |= {
            *(f"test/{kind}_{head}_confusion.png" for kind in ("model", "baseline")),
            *(f"test/{kind}_{head}_per_label.csv" for kind in ("model", "baseline")),
        }
    assert found == expected
    folder = Path(client.download_artifacts(run.info.run_id, "test", str(workplace)))
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(folder / "model_severity_per_label.csv")
    assert table["label"].tolist() == ["P1", "P2", "P3", "P4"]
    assert table["count"].sum() == 24
    evaluation = json.loads((folder / "evaluation.json").read_text())
    value = evaluation["model"]["severity"]["macro_f1"]["value"]
    assert run.data.metrics["test_severity_macro_f1"] == pytest.approx(value)
    assert "test_baseline_severity_macro_f1" in run.data.metrics
    area = evaluation["risk_coverage"]["tier"]["area"]["value"]
    assert run.data.metrics["test_tier_risk_coverage_area"] == pytest.approx(area)


def test_the_manifest_holds_figures_and_thresholds(trained: Trained) -> None:
    manifest = Bundle.load(trained.out).manifest
    value, low, high = manifest.metrics["test"]["severity"]["macro_f1"]
    assert low <= value <= high
    assert manifest.format == 2  # it has an n-gram model, which earlier versions don't add
    scores = {"out_of_distribution", "unsupported_language"}
    assert manifest.thresholds.keys() - scores == {
        "ambiguous",
        "low_confidence.severity",
        "low_confidence.issue_type",
        "low_confidence.sentiment",
        "safety.data_loss",
        "safety.security_breach",
    }
    assert all(0 < limit <= 1 for name, limit in manifest.thresholds.items() if name not in scores)
    assert all(manifest.thresholds[score] > 0 for score in scores)


def test_a_small_validation_part_gets_no_promise(trained: Trained) -> None:
    manifest = Bundle.load(trained.out).manifest
    certificate = manifest.certificate
    assert certificate is not None
    assert certificate.threshold is None
    assert 0 < certificate.calibration.count < 49
    assert certificate.lacking == 49 - certificate.calibration.count
    assert certificate.test is not None
    assert certificate.test.count > 0
    assert manifest.thresholds["safety.data_loss"] == UNPROMISED


def test_promotion_makes_the_champion(store: None, trained: Trained) -> None:
    with pytest.raises(ModelNotFoundError, match="expected a version of 1; found 99"):
        promote("99")
    assert promote().after == trained.version == "1"
    assert mlflow.MlflowClient().get_model_version_by_alias("tierline", "champion").version == 1
    champion = load_predictor("models:/tierline@champion")
    direct = Predictor.load(trained.out)
    ticket = Ticket(body="the invoice charged my card twice")
    assert champion.predict([ticket]) == direct.predict([ticket])
    champion.close()
    direct.close()


def test_without_a_model_nothing_is_promoted(own_store: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="found none in the store"):
        promote()


def test_the_logged_model_answers_a_data_frame(store: None, trained: Trained) -> None:
    model = mlflow.pyfunc.load_model(f"models:/tierline/{trained.version}")
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "subject": ["Deleted", ""],
            "body": ["all our files were deleted", "please advise"],
        }
    )
    answers = model.predict(frame)
    assert list(answers.columns) == list(COLUMNS)
    assert answers["id"].tolist() == ["a", "b"]
    assert answers["mode"].tolist() == ["full", "full"]
    assert answers["tier"][0] == 3


def test_mlflow_answers_a_csv_file_with_the_logged_model(
    store: None, trained: Trained, tmp_path: Path
) -> None:
    asked, answered = tmp_path / "asked.csv", tmp_path / "answered.json"
    asked.write_text(
        "body,customer_tier\nall our files were deleted,enterprise\n", encoding="utf-8"
    )
    mlflow.models.predict(
        f"models:/tierline/{trained.version}",
        input_path=str(asked),
        content_type="csv",
        output_path=str(answered),
        env_manager="local",
    )
    (answer,) = json.loads(answered.read_text(encoding="utf-8"))["predictions"]
    assert (answer["tier"], answer["mode"]) == (3, "full")


def test_the_logged_model_asks_for_the_version_that_made_it(store: None, trained: Trained) -> None:
    needs = mlflow.pyfunc.get_model_dependencies(f"models:/tierline/{trained.version}")
    made_by = Bundle.load(trained.out).manifest.tierline_version
    assert f"tierline=={made_by}" in Path(needs).read_text(encoding="utf-8").split()


def test_one_seed_gives_one_model(fit_once: Callable[[int], Fitted], corpus: Corpus) -> None:
    rows = corpus.parts["test"]
    first, again, other = (fit_once(seed).logits(rows) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_the_fewer_tokens_the_more_passes(a: int, b: int) -> None:
    assert 2 <= epochs_for(max(a, b)) <= epochs_for(min(a, b)) <= 12


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 12))
def test_fewer_tickets_are_learnt_from_in_smaller_steps(a: int, b: int, epochs: int) -> None:
    few, many = batch_for(min(a, b), epochs), batch_for(max(a, b), epochs)
    assert 8 <= few <= many <= 32
    assert few == 8 or min(a, b) * epochs / few >= 400


@pytest.mark.usefixtures("trained")
def test_it_is_said_that_no_epoch_was_chosen(workplace: Path) -> None:
    said = " ".join((workplace / "console.txt").read_text().split())
    assert "epoch 14 kept, the last: too few validation tickets to choose by" in said


@pytest.mark.parametrize(("fewest", "kept", "passes"), [(0, 1, 2), (10**6, 4, 4)])
def test_too_few_validation_tickets_choose_no_epoch(
    corpus: Corpus,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    fewest: int,
    kept: int,
    passes: int,
) -> None:
    scores = iter([0.9, 0.8, 0.7, 0.6])
    monkeypatch.setattr("tierline.training.fit.FEWEST_TO_CHOOSE_BY", fewest)
    monkeypatch.setattr(
        "tierline.training.fit._Loop._validate", lambda _: {"validation_score": next(scores)}
    )
    short = replace(recipe, epochs=4, patience=1)
    fitted = fit(corpus, short, lambda _: None, lambda _epoch, _scores: None)
    assert (fitted.best_epoch, len(fitted.history)) == (kept, passes)
    assert fitted.chosen == (fewest == 0)


def test_the_steps_follow_from_the_corpus(corpus: Corpus, recipe: Recipe) -> None:
    steps: list[float] = []
    unplanned = replace(recipe, epochs=1, batch_size=None)
    fitted = fit(corpus, unplanned, steps.append, lambda _epoch, _scores: None)
    assert fitted.recipe.batch_size == 8
    assert len(steps) == -(-len(corpus.parts["train"]) // 8)


def test_the_passes_follow_from_the_corpus(corpus: Corpus, recipe: Recipe) -> None:
    unplanned = replace(recipe, epochs=None, batch_size=1000)
    fitted = fit(corpus, unplanned, lambda _: None, lambda _epoch, _scores: None)
    assert fitted.recipe.epochs == 12
    assert len(fitted.history) <= 12


@pytest.mark.parametrize(
    ("tickets", "share"),
    [
        ([[39] * 20], 5 / 6),
        ([[3] * 30 + [1000]], 5 / 6),
        ([[3] * 30 + [2000]], 1 / 3),
        ([[40] * 20], 1 / 3),
        ([[39] * 19], 1 / 3),
        ([[39] * 20, [39] * 4], 1 / 3),
    ],
)
def test_many_labels_of_few_tickets_each_keep_more_layers(
    tickets: list[list[int]], share: float
) -> None:
    assert frozen_share_for(tickets) == share


def test_the_frozen_layers_follow_from_the_corpus(corpus: Corpus, recipe: Recipe) -> None:
    def share(corpus: Corpus) -> float | None:
        own = replace(recipe, epochs=1, frozen_share=None)
        return fit(corpus, own, lambda _: None, lambda _epoch, _scores: None).recipe.frozen_share

    rows = [
        replace(row, labels={"issue_type": f"topic {i % 25}"})
        for i, row in enumerate(corpus.parts["train"])
    ]
    assert share(corpus) == 1 / 3
    assert share(replace(corpus, parts=dict.fromkeys(corpus.parts, tuple(rows)))) == 5 / 6


def test_frozen_layers_stay_and_keeping_their_states_changes_nothing(
    corpus: Corpus, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once() -> Fitted:
        half = replace(recipe, epochs=1, frozen_share=0.5)
        return fit(corpus, half, lambda _: None, lambda _epoch, _scores: None)

    rows = corpus.parts["test"]
    kept = once()
    monkeypatch.setattr("tierline.training.fit._MOST_KEPT", 0)
    again = once()
    assert np.allclose(kept.logits(rows), again.logits(rows), atol=2e-2)  # kept in float16
    before = load_pretrained(recipe.encoder)[0].state_dict()
    after = kept.model.encoder.state_dict()
    changed = {n for n in before if not torch.equal(before[n], after[n])}
    assert changed
    assert {n.split(".")[2] for n in changed if n.startswith("encoder.layer")} == {"1"}
    assert not any(n.startswith("embeddings") for n in changed)


def test_the_training_loss_is_a_mean_over_batches(corpus: Corpus, recipe: Recipe) -> None:
    few_steps = replace(recipe, epochs=1, batch_size=1000)
    fitted = fit(corpus, few_steps, lambda _: None, lambda _epoch, _scores: None)
    loss = fitted.history[0]
    assert loss["train_loss"] == pytest.approx(loss["validation_loss"], rel=0.5)


def test_an_export_that_strays_is_refused(
    fit_once: Callable[[int], Fitted], corpus: Corpus
) -> None:
    rows, fitted = corpus.parts["validation"], fit_once(1)
    logits = fitted.logits(rows)
    none = np.zeros_like(logits)
    good = check_parity(fitted, rows, logits, logits, none)
    assert good.fp32_difference < 1e-5
    assert good.serves == "model.int8.onnx"
    with pytest.raises(BundleError, match=r"expected fp32 logits within 0\.0001 of torch"):
        check_parity(fitted, rows, logits + np.float32(1e-3), logits, none)
    assert check_parity(fitted, rows, logits, -logits, none).serves == "model.fp32.onnx"
    mute = [replace(row, labels={}) for row in rows]
    assert check_parity(fitted, mute, logits, logits, none).serves == "model.fp32.onnx"


@pytest.mark.parametrize("name", ["model.fp32.onnx", "model.int8.onnx"])
def test_graphs_hold_no_fused_layer_norm(trained: Trained, name: str) -> None:
    kinds = [node.op_type for node in onnx.load(trained.out / name).graph.node]
    assert kinds.count("InstanceNormalization") == 4  # two in each of the tiny encoder's layers
    assert "SkipLayerNormalization" not in kinds


def test_bad_rows_of_either_file_are_quarantined(trained: Trained) -> None:
    path = trained.out.with_name("bundle.quarantine.jsonl")
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["file"], line["row"]) == ("more.jsonl", 2)
    assert "attempts" in line["reason"]


def test_labels_of_ones_own_are_learnt(own_store: Path, recipe: Recipe) -> None:
    topics = {"shoes": "these shoes pinch", "Hats": "my hat flew off", "10": "ten", "9": "nine"}
    rows = [(f"{text} {i}", topic) for i in range(15) for topic, text in topics.items()]
    frame = pd.DataFrame(rows, columns=["description", "topic"])
    frame.to_csv(own_store / "own.csv", index=False)
    job = TrainJob(
        [own_store / "own.csv"],
        own_store / "bundle",
        replace(recipe, epochs=2),
        {"body": "description", "issue_type": "topic"},
    )
    trained = train(job, QUIET)
    (head,) = Bundle.load(trained.out).manifest.heads
    assert head.name == "issue_type"
    assert head.labels == ("9", "10", "Hats", "shoes")
    loaded = Predictor.load(trained.out)
    assert loaded.predict([Ticket(body="my hat")])[0].heads["issue_type"].label in head.labels
    loaded.close()


def test_a_folder_that_is_no_bundle_is_never_overwritten(
    own_store: Path, tickets: Path, recipe: Recipe
) -> None:
    precious = own_store / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="precious holds something else"):
        train(TrainJob([tickets], precious, recipe), QUIET)
    assert (precious / "thesis.txt").read_text() == "x"
    assert {p.name for p in own_store.iterdir()} == {"mlflow.db", "precious"}

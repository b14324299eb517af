"""Labels that come, go and change their names: from the labels file to the bundle."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tierline.data import LABELS, PolicyError, Ticket
from tierline.data.corpus import Corpus, load_corpus
from tierline.data.label_book import LabelBook, read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.models.runtime import Bundle, Predictor
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router
from tierline.training.evaluate import evaluate
from tierline.training.fit import fit
from tierline.training.pipeline import TrainJob, train
from tierline.training.recipe import Recipe
from tierline.training.targets import heads_of

Rows = list[dict[str, Any]]


@pytest.fixture
def typed(tickets: Path) -> Rows:
    """The session's tickets with their issue type alone."""
    rows = map(json.loads, tickets.read_text(encoding="utf-8").splitlines())
    return [{"body": row["body"], "issue_type": row["issue_type"]} for row in rows]


def write_rows(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def with_a_new_label(typed: Rows) -> Rows:
    """Four labels with 32 rows each and then a new one with 24."""
    crashes = [row["body"] for row in typed if row["issue_type"] == "bug"]
    rows = [row for row in typed if row["issue_type"] != "bug"]
    return rows + [{"body": body, "issue_type": "crash"} for body in crashes[:24]]


def test_a_new_label_works_from_sixteen_examples(
    tmp_path: Path, typed: Rows, recipe: Recipe
) -> None:
    rows = with_a_new_label(typed)
    held, learnt = rows[-8:], rows[:-8]
    path = write_rows(tmp_path / "in.jsonl", learnt)
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        corpus = load_corpus([path], {}, quarantine, seed=3)
    counts = {
        name: sum(r.labels["issue_type"] == "crash" for r in part)
        for name, part in corpus.parts.items()
    }
    assert sum(counts.values()) == 16
    assert counts["train"] >= 8
    assert counts["validation"] >= 1
    fitted = fit(corpus, replace(recipe, epochs=10), lambda _: None, lambda _epoch, _scores: None)
    (head,) = fitted.heads
    logits = fitted.logits([Row(i, Ticket(body=row["body"])) for i, row in enumerate(held)])
    hits = np.sum(logits.argmax(axis=1) == head.labels.index("crash"))
    assert hits >= 4


def test_labels_that_are_gone_are_in_no_head() -> None:
    book = LabelBook({"severity": {"P4": "P3"}, "issue_type": {"order": None}})
    rows = tuple(
        Row(i, Ticket(body="x"), {"severity": f"P{i % 3 + 1}", "issue_type": label})
        for i, label in enumerate(["bug", "access", "billing"])
    )
    corpus = Corpus({"train": rows, "validation": (), "test": ()}, {}, book)
    severity, issue_type = heads_of(corpus)
    assert severity.labels == ("P1", "P2", "P3")
    assert set(issue_type.labels) == set(LABELS["issue_type"]) - {"order"}


def test_a_training_follows_the_labels_file_and_says_so(
    own_store: Path, typed: Rows, recipe: Recipe
) -> None:
    for i, row in enumerate(typed):
        if row["issue_type"] == "access":
            row["issue_type"] = "login" if i % 2 else "access"
        if row["issue_type"] == "bug":
            row["issue_type"] = "fault"
    file = write_rows(own_store / "in.jsonl", typed)
    labels = own_store / "labels.toml"
    labels.write_text(
        "[issue_type.access]\nrenamed_from = ['login']\n[issue_type.fault]\nretired = true\n"
        "[issue_type.feedback]\nmerged_into = 'how_to'\n"
    )
    said = StringIO()
    job = TrainJob(
        [file], own_store / "bundle", replace(recipe, epochs=1), evaluate_on=[file], labels=labels
    )
    trained = train(job, Console(file=said, width=200))
    manifest = Bundle.load(trained.out).manifest
    (head,) = manifest.heads
    assert set(head.labels) == set(LABELS["issue_type"]) - {"feedback"}
    assert manifest.data["labels"] == read_label_book(labels).as_json()
    assert manifest.data["labels"]["becomes"]["issue_type"]["fault"] is None
    assert sum(manifest.data["rows"].values()) == manifest.metrics["in"]["issue_type"]["count"]
    assert "labels: issue_type login read as access in " in said.getvalue()
    assert "labels: 32 rows had no other label and are left out" in said.getvalue()


def test_labels_that_no_policy_knows_are_trained_and_evaluated_but_not_served(
    own_store: Path, typed: Rows, recipe: Recipe
) -> None:
    rows = [{"words": row["body"], "intent": f"my {row['issue_type']}"} for row in typed]
    file = write_rows(own_store / "in.jsonl", rows)
    mapping = {"body": "words", "issue_type": "intent"}
    trained = train(
        TrainJob([file], own_store / "bundle", replace(recipe, epochs=1), mapping),
        Console(file=StringIO()),
    )
    predictor = Predictor.load(trained.out)
    measured = [Row(1, Ticket(body="x"), {"issue_type": "my bug"})]
    assert evaluate("in", measured, predictor).answers.keys() == {"issue_type"}
    with pytest.raises(PolicyError, match="no tier owns: my access, my billing, my bug"):
        Router(load_policy(), predictor)
    predictor.close()


def test_own_severities_are_certified_by_the_policy_that_says_what_they_mean(
    own_store: Path, tickets: Path, recipe: Recipe
) -> None:
    named = {"P1": "Blocker", "P2": "Major", "P3": "Minor", "P4": "Trivial"}
    rows = [json.loads(line) for line in tickets.read_text(encoding="utf-8").splitlines()]
    kept = [
        {"body": row["body"], "severity": named[row["severity"]], "split": row["split"]}
        for row in rows
    ]
    file = write_rows(own_store / "in.jsonl", kept)
    policy = own_store / "policy.toml"
    names = "\n".join(f'{name} = "{severity}"' for severity, name in named.items())
    policy.write_text(f"[severity_names]\n{names}\n")
    job = TrainJob([file], own_store / "bundle", replace(recipe, epochs=1), policy=policy)
    promise = Bundle.load(train(job, Console(file=StringIO())).out).manifest.certificate
    assert promise is not None
    critical = sum(row["severity"] == "P1" for row in rows if row["split"] == "validation")
    assert promise.calibration.count == critical > 0

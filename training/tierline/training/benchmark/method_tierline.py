"""Tierline as users get it: the default recipe, answered by the exported bundle."""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tierline.models.encoder import load_pretrained
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import load_policy
from tierline.training.augment import plead_some
from tierline.training.baseline import Baseline
from tierline.training.benchmark.recipes import recipe_for
from tierline.training.benchmark.task import Answered, Task
from tierline.training.benchmark.watch import Stopwatch
from tierline.training.bundling import build_bundle
from tierline.training.fit import fit


def run(task: Task, watch: Stopwatch) -> tuple[Answered, Mapping[str, str]]:
    """Fine-tune one model for all heads, export it, and answer with the bundle.

    The n-gram model that stands beside the encoder is part of the training, and of its seconds;
    the curve is the encoder's alone.
    """
    recipe = replace(recipe_for(task.corpus, task.seed), encoder=task.encoder)
    load_pretrained(recipe.encoder)  # so that imports and a cold disk aren't counted

    def epoch_done(_epoch: int, scores: Mapping[str, float]) -> None:
        watch.note({head: scores[f"validation_{head}_macro_f1"] for head in watch.heads})

    with watch.training():
        fitted = fit(task.corpus, recipe, watch.progress, epoch_done)
        read = plead_some(task.train, recipe.pleading_share, task.seed)
        baseline = Baseline(fitted.heads, read, task.seed)
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        where, policy = Path(folder), load_policy()
        built = build_bundle(fitted, baseline, task.corpus, where, "benchmark", policy)
        seconds = time.perf_counter() - started
        answers = _answers(task, Path(folder))
    settings = ", ".join(f"{k} {v}" for k, v in asdict(fitted.recipe).items() if k != "encoder")
    notes = {
        "recipe": settings,
        "epochs": f"{len(fitted.history)} trained, number {fitted.best_epoch} kept",
        "precision": fitted.precision,
        "export": f"{seconds:.1f} s; {built.parity.why}",
    }
    return answers, notes


def _answers(task: Task, folder: Path) -> Answered:
    predictor = Predictor.load(folder)
    try:
        predictions = predictor.predict([row.ticket for row in task.test])
    finally:
        predictor.close()
    return {h.name: [p.heads[h.name].label for p in predictions] for h in task.heads}

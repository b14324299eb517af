"""SetFit with its defaults: contrastive pairs, then a logistic regression. Needs extra `bench`."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.linear_model import LogisticRegression
from transformers import TrainerCallback

from tierline.data.normalise import plain_text
from tierline.models.encoder import encoder_source
from tierline.training.benchmark.task import Answered, Examples, Task, examples
from tierline.training.benchmark.watch import Stopwatch, now
from tierline.training.targets import HeadLabels

#: SetFit lists every pair of its rows before it draws any: 20 bytes and more for each, 2 GB here.
MOST_ROWS: Final = 10_000
#: More training rows than this aren't embedded in between: only the end is on the curve then.
_MOST_ROWS_FOR_CURVE: Final = 5_000
_POINTS: Final = 4


def run(task: Task, watch: Stopwatch) -> tuple[Answered, Mapping[str, str]]:
    """Train one model per head on the train rows."""
    answers, notes = {}, {}
    for done, head in enumerate(task.heads):

        def progress(share: float, done: int = done) -> None:
            watch.progress((done + share) / len(task.heads))

        answers[head.name], notes[f"{head.name} steps"] = _one(task, watch, head, progress)
    return answers, notes


def _one(
    task: Task, watch: Stopwatch, head: HeadLabels, progress: Callable[[float], None]
) -> tuple[list[str], str]:
    train, validation = examples(head, task.train), examples(head, task.validation)
    # SetFit lists every pair of rows; the logistic regression still learns from all of them.
    paired = _some(train, task.seed)
    steps = default_steps(paired.targets.tolist())
    capped = steps > task.setfit_steps
    with TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            seed=task.seed,
            max_steps=task.setfit_steps if capped else -1,
            save_strategy="no",
            report_to="none",
            show_progress_bar=False,
        )
        model = SetFitModel.from_pretrained(encoder_source(task.encoder))
        watcher = _Watcher(watch, head.name, train, validation, progress)
        trainer = Trainer(model=model, args=settings, callbacks=[watcher])
        with watch.training():
            trainer.train_embeddings(list(paired.texts), paired.targets.tolist(), args=settings)
            trainer.train_classifier(list(train.texts), train.targets.tolist(), args=settings)
    if validation.texts:
        watch.note({head.name: validation.score(_labels(model, validation.texts))})
    predicted = _labels(model, [plain_text(row.ticket) for row in task.test])
    done = f"{min(steps, task.setfit_steps):,} of {steps:,}"
    few = f", pairs of {len(paired.texts):,} rows" if len(paired.texts) < len(train.texts) else ""
    return [head.labels[i] for i in predicted], done + few


def default_steps(targets: list[int], batch: int = 16) -> int:
    """Return the steps of SetFit's default: as many like as unlike pairs, every pair at least once.

    A row with itself counts as a pair there.
    """
    every = len(targets) * (len(targets) + 1) // 2
    like = sum(n * (n + 1) // 2 for n in Counter(targets).values())
    return -(-2 * max(like, every - like) // batch)


def _some(given: Examples, seed: int) -> Examples:
    if len(given.texts) <= MOST_ROWS:
        return given
    chosen = sorted(Random(seed).sample(range(len(given.texts)), MOST_ROWS))  # noqa: S311
    return Examples(tuple(given.texts[i] for i in chosen), given.targets[chosen])


def _labels(model: Any, texts: Any) -> Any:
    return np.asarray(model.predict(list(texts), use_labels=False), dtype=np.int64)


class _Watcher(TrainerCallback):  # type: ignore[misc]
    """At each quarter, the score if one stopped here: the classifier's own time is added."""

    def __init__(
        self,
        watch: Stopwatch,
        head: str,
        train: Examples,
        validation: Examples,
        progress: Callable[[float], None],
    ) -> None:
        self.watch, self.head, self.progress = watch, head, progress
        self.train, self.validation = train, validation
        self.draws = bool(validation.texts) and len(train.texts) <= _MOST_ROWS_FOR_CURVE

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self.progress(state.global_step / max(1, state.max_steps))
        quarter = max(1, state.max_steps // _POINTS)
        if self.draws and state.global_step % quarter == 0 and state.global_step < state.max_steps:
            with self.watch.paused():
                self._point(given["model"])

    def _point(self, model: Any) -> None:
        started = now()
        embeddings = model.encode(list(self.train.texts), show_progress_bar=False)
        classifier = LogisticRegression().fit(np.asarray(embeddings), self.train.targets)
        ended = now()
        asked = model.encode(list(self.validation.texts), show_progress_bar=False)
        score = self.validation.score(classifier.predict(np.asarray(asked)))
        self.watch.note({self.head: score}, more=(ended[0] - started[0], ended[1] - started[1]))

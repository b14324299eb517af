"""`transformers.Trainer` with its defaults and a sequence classification head."""

from collections.abc import Callable, Mapping
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from tierline.data.normalise import plain_text
from tierline.models.encoder import encoder_source
from tierline.training.benchmark.task import Answered, Examples, Task, examples
from tierline.training.benchmark.watch import Stopwatch
from tierline.training.targets import HeadLabels

#: Share of all steps between two points of the curve: half of one of the three default epochs.
_EVERY: Final = 1 / 6


def run(task: Task, watch: Stopwatch) -> tuple[Answered, Mapping[str, str]]:
    """Train one model per head. Validation only draws the curve, with the clock stopped.

    Defaults but for the seed, and without checkpoints and loggers, which would only cost it time.
    """
    transformers.utils.logging.disable_progress_bar()
    answers, notes = {}, {}
    for done, head in enumerate(task.heads):
        answers[head.name], notes[f"{head.name} steps"] = _one(task, watch, head, done)
    return answers, notes


def _one(task: Task, watch: Stopwatch, head: HeadLabels, done: int) -> tuple[list[str], str]:
    source = encoder_source(task.encoder)
    tokenizer = AutoTokenizer.from_pretrained(source)
    transformers.set_seed(task.seed)
    model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=len(head.labels))
    train, validation = examples(head, task.train), examples(head, task.validation)

    def progress(share: float) -> None:
        watch.progress((done + share) / len(task.heads))

    with TemporaryDirectory() as folder:
        trainer = _Watched(
            watch=watch,
            head=head.name,
            model=model,
            args=_settings(task.seed, folder, validation),
            data_collator=DataCollatorWithPadding(tokenizer),
            eval_dataset=_encoded(validation, tokenizer),
            compute_metrics=lambda found: {"macro_f1": validation.score(_best(found.predictions))},
            callbacks=[_Progress(progress)],
        )
        with watch.training():
            trainer.train_dataset = _encoded(train, tokenizer)
            trainer.train()
        if validation.texts and trainer.state.global_step % trainer.state.eval_steps:
            trainer.evaluate()  # the end isn't on the curve yet
        asked = [_ids(plain_text(row.ticket), tokenizer) for row in task.test]
        predicted = _best(trainer.predict(asked).predictions)
    return [head.labels[i] for i in predicted], str(trainer.state.global_step)


def _settings(seed: int, folder: str, validation: Examples) -> Any:
    curve = {"eval_strategy": "steps", "eval_steps": _EVERY} if validation.texts else {}
    return TrainingArguments(
        output_dir=folder,
        seed=seed,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **curve,
    )


def _encoded(given: Examples, tokenizer: Any) -> list[dict[str, Any]]:
    pairs = zip(given.texts, given.targets.tolist(), strict=True)
    return [{**_ids(text, tokenizer), "labels": target} for text, target in pairs]


def _ids(text: str, tokenizer: Any) -> dict[str, Any]:
    return dict(tokenizer(text, truncation=True))


def _best(logits: Any) -> Any:
    return np.asarray(logits).argmax(axis=1)


class _Watched(Trainer):  # type: ignore[misc]
    """Notes the validation score of every evaluation, and stops the clock for it."""

    def __init__(self, watch: Stopwatch, head: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.watch, self.head = watch, head

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        with self.watch.paused():
            found: dict[str, float] = super().evaluate(*args, **kwargs)
            self.watch.note({self.head: found["eval_macro_f1"]})
        return found


class _Progress(TrainerCallback):  # type: ignore[misc]
    def __init__(self, progress: Callable[[float], None]) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.progress(state.global_step / max(1, state.max_steps))

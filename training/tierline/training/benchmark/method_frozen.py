"""The default encoder as it comes, mean-pooled, under a logistic regression."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tierline.data.rows import Row
from tierline.models.encoder import load_pretrained
from tierline.training.batches import in_length_order
from tierline.training.benchmark.task import Answered, Task
from tierline.training.benchmark.watch import Stopwatch
from tierline.training.fit import token_ids
from tierline.training.recipe import Recipe
from tierline.training.targets import ABSENT

_BATCH: Final = 64


def run(task: Task, watch: Stopwatch) -> tuple[Answered, Mapping[str, str]]:
    """Embed and fit on the train and validation rows, with the yardstick's settings.

    Embeddings have unit length, as sentence-transformers makes them with this encoder.
    """
    encoder, tokenizer = load_pretrained(task.encoder)
    tokenizer_json = tokenizer.backend_tokenizer.to_str()
    rows = [*task.train, *task.validation]
    models = {}
    with watch.training():
        ids = token_ids(tokenizer_json, Recipe.max_tokens, rows)
        embeddings = embed(encoder, ids, watch.progress)
        for head in task.heads:
            targets = head.targets(rows)
            known = targets != ABSENT
            model = LogisticRegression(
                C=10.0, class_weight="balanced", max_iter=1000, random_state=task.seed
            )
            models[head.name] = model.fit(embeddings[known], targets[known])
    asked = embed(encoder, _ids(tokenizer_json, task.test), lambda _: None)
    answers = {}
    for head in task.heads:
        answers[head.name] = [head.labels[i] for i in models[head.name].predict(asked)]
    return answers, {}


def _ids(tokenizer_json: str, rows: Sequence[Row]) -> list[list[int]]:
    return token_ids(tokenizer_json, Recipe.max_tokens, rows)


@torch.no_grad()
def embed(
    encoder: Any, ids: Sequence[list[int]], progress: Callable[[float], None]
) -> NDArray[np.float32]:
    """Return the mean of each row's token states, at unit length: (rows, hidden)."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder.to(device).eval()
    out = np.zeros((len(ids), int(encoder.config.hidden_size)), dtype=np.float32)
    done = 0
    for batch in in_length_order([torch.tensor(i) for i in ids], _BATCH):
        mask = batch.attention_mask.to(device)
        states = encoder(input_ids=batch.inputs.to(device), attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        means = (states * weights).sum(dim=1) / weights.sum(dim=1)
        unit = torch.nn.functional.normalize(means, dim=1)
        out[batch.rows.numpy()] = unit.float().cpu().numpy()
        done += len(batch.rows)
        progress(done / len(ids))
    return out

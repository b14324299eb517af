"""Fine-tune the encoder and its heads: a plain torch loop."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from tierline.data.corpus import Corpus
from tierline.data.rows import Row
from tierline.models.encoder import TicketClassifier, load_pretrained
from tierline.models.runtime.heads import column_slices
from tierline.models.runtime.tokens import TicketTokenizer
from tierline.training.augment import plead_some, strip_some
from tierline.training.averaging import MovingAverage
from tierline.training.batches import Batch, in_length_order, shuffled
from tierline.training.joining import joined
from tierline.training.losses import MultiHeadLoss
from tierline.training.metrics import macro_f1
from tierline.training.parallel import Processes
from tierline.training.recipe import (
    FEWEST_TO_CHOOSE_BY,
    Recipe,
    batch_for,
    epochs_for,
    frozen_share_for,
)
from tierline.training.targets import ABSENT, HeadLabels, heads_of

#: Called after every step with the share of the planned steps done, and once per epoch with
#: the epoch's number (from 1) and its metrics.
StepDone = Callable[[float], None]
EpochDone = Callable[[int, dict[str, float]], None]

_EVALUATION_BATCH: Final = 64
#: Most numbers of the frozen layers' states to keep in memory (2 GiB of float16).
_MOST_KEPT: Final = 2**30


@dataclass
class Fitted:
    """A fine-tuned model with what is needed to export it.

    ``history`` holds each epoch's metrics; ``best_epoch`` (from 1) is the one kept. ``chosen`` is
    false where the validation tickets were too few to choose it by.
    """

    model: TicketClassifier
    heads: tuple[HeadLabels, ...]
    tokenizer_json: str
    recipe: Recipe
    precision: str
    processes: int = 1
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    chosen: bool = True

    def logits(self, rows: Sequence[Row]) -> NDArray[np.float32]:
        """Return float32 logits (rows, labels of all heads) on the CPU."""
        ids = _tensors(self.token_ids(rows))
        return _logits(self.model.cpu(), ids, Processes(torch.device("cpu")), amp=False)

    def token_ids(self, rows: Sequence[Row]) -> list[list[int]]:
        """Tokenise as the serving runtime does, with the very same code."""
        return token_ids(self.tokenizer_json, self.recipe.max_tokens, rows)


def token_ids(tokenizer_json: str, max_tokens: int, rows: Sequence[Row]) -> list[list[int]]:
    """Return each row's token ids, by the runtime's own tokenizer."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(tokenizer_json, encoding="utf-8")
        tokenizer = TicketTokenizer(path, max_tokens)
    return [tokenizer(row.ticket).ids for row in rows]


def fit(corpus: Corpus, recipe: Recipe, step_done: StepDone, epoch_done: EpochDone) -> Fitted:
    """Fine-tune on the train part, stop early on the validation part, keep the best epoch.

    Too few validation tickets choose none: all epochs are trained, and the last one is kept.
    Reproducible on one machine: every random choice follows ``recipe.seed``. Trains in
    bfloat16 on a CUDA device or a CPU with native bfloat16, else in float32.

    Raises:
        LaunchError: when several processes were launched and can't train together.
    """
    with joined(corpus, recipe) as processes:
        return _fit(corpus, recipe, processes, step_done, epoch_done)


def _fit(
    corpus: Corpus,
    recipe: Recipe,
    processes: Processes,
    step_done: StepDone,
    epoch_done: EpochDone,
) -> Fitted:
    _seed(recipe.seed)
    heads = heads_of(corpus)
    pretrained, tokenizer = load_pretrained(recipe.encoder)
    # An encoder may have fewer positions than the recipe would read.
    most = min(recipe.max_tokens, int(pretrained.config.max_position_embeddings))
    frozen = recipe.frozen_share
    if frozen is None:
        frozen = frozen_share_for([h.tickets(corpus.parts["train"]) for h in heads])
    recipe = replace(recipe, max_tokens=most, frozen_share=frozen)
    hidden = int(pretrained.config.hidden_size)
    model = TicketClassifier(pretrained, hidden, [len(h.labels) for h in heads])
    model.freeze(frozen)
    device = processes.device
    amp = device.type == "cuda" or _cpu_has_bfloat16()
    model.to(device)
    fitted = Fitted(
        model,
        heads,
        tokenizer.backend_tokenizer.to_str(),
        recipe,
        "bf16" if amp else "fp32",
        processes.place.count,
    )
    loop = _Loop(fitted, corpus, processes, amp)
    loop.run(step_done, epoch_done)
    model.centre_heads()
    model.eval()
    return fitted


class _Loop:
    """The training loop's state."""

    def __init__(self, fitted: Fitted, corpus: Corpus, processes: Processes, amp: bool) -> None:
        self.fitted, self.processes, self.amp = fitted, processes, amp
        self.recipe, self.model, self.device = fitted.recipe, fitted.model, processes.device
        train, validation = corpus.parts["train"], corpus.parts["validation"]
        read = plead_some(train, self.recipe.pleading_share, self.recipe.seed)
        self.inputs = self._inputs(strip_some(read, self.recipe.stripped_share, self.recipe.seed))
        self.epochs = self.recipe.epochs or epochs_for(sum(map(len, self.inputs)))
        self.batch_size = self.recipe.batch_size or batch_for(len(train), self.epochs)
        self.fitted.recipe = replace(self.recipe, epochs=self.epochs, batch_size=self.batch_size)
        self.validation_inputs = self._inputs(validation)
        self.targets = _stack_targets(fitted.heads, train)
        self.validation_targets = _stack_targets(fitted.heads, validation).numpy()
        self.loss = MultiHeadLoss(fitted.heads, self.targets, self.recipe)
        self.steps = -(-len(train) // self.batch_size) * self.epochs
        fitted.chosen = len(validation) >= FEWEST_TO_CHOOSE_BY
        self.optimizer = torch.optim.AdamW(
            [
                {"params": self._learning(self.model.encoder), "lr": self.recipe.encoder_lr},
                {"params": self.model.heads.parameters(), "lr": self.recipe.head_lr},
            ],
            weight_decay=self.recipe.weight_decay,
            fused=True,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.learner = processes.prepare(self.model)
        self.average = MovingAverage(self.model.parameters())

    def run(self, step_done: StepDone, epoch_done: EpochDone) -> None:
        """Train for at most the planned epochs, and leave the weights of the one kept."""
        rng, best, best_state = random.Random(self.recipe.seed), -1.0, None  # noqa: S311
        step = count(1)
        for epoch in range(1, self.epochs + 1):
            self.model.train()
            total = 0.0
            for batch in shuffled(self.inputs, self.batch_size, rng):
                total += self._step(batch)
                step_done(next(step) / self.steps)
            with self.average.in_place():
                scores = self._validate()
                state = {k: v.clone() for k, v in self.model.state_dict().items()}
            total = self.processes.sum_up(torch.tensor(total, dtype=torch.float64)).item()
            scores["train_loss"] = total / -(-len(self.inputs) // self.batch_size)
            self.fitted.history.append(scores)
            epoch_done(epoch, scores)
            if scores["validation_score"] > best or not self.fitted.chosen:
                best, self.fitted.best_epoch = scores["validation_score"], epoch
                best_state = state
            elif epoch - self.fitted.best_epoch >= self.recipe.patience:
                break
        if best_state is not None:
            self.model.load_state_dict(best_state)

    def _inputs(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        """Return token ids, or the frozen layers' states where these are few enough to keep."""
        ids = _tensors(self.fitted.token_ids(rows))
        numbers = sum(map(len, ids)) * self.model.heads.in_features
        if not self.model.frozen_layers or numbers > _MOST_KEPT:
            return ids
        return _base_states(self.model.eval(), ids, self.processes, self.amp)

    def _learning(self, module: torch.nn.Module) -> list[torch.nn.Parameter]:
        return [p for p in module.parameters() if p.requires_grad]

    def _step(self, batch: Batch) -> float:
        share = self.processes.share(batch)
        inputs, mask = share.inputs.to(self.device), share.attention_mask.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp):
            logits = self.learner(inputs, mask)[: len(share.rows)]
        targets, whole = (self.targets[b.rows].to(self.device) for b in (share, batch))
        loss = self.loss(logits, targets, whole)
        self.optimizer.zero_grad()
        # Gradients are averaged over the processes, but the shares' losses add up.
        (loss * self.processes.place.count).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update()
        return loss.item()

    def _rate(self, step: int) -> float:
        warm = max(1, int(self.steps * self.recipe.warmup))
        return min((step + 1) / warm, max(0.0, (self.steps - step) / max(1, self.steps - warm)))

    def _validate(self) -> dict[str, float]:
        """Return the validation loss, each head's macro-F1, and their mean (the score)."""
        logits = _logits(self.model, self.validation_inputs, self.processes, self.amp)
        scores, truth = {}, self.validation_targets
        sizes = [len(h.labels) for h in self.fitted.heads]
        for i, (head, part) in enumerate(zip(self.fitted.heads, column_slices(sizes), strict=True)):
            known = truth[:, i] != ABSENT
            if known.any():
                predicted = logits[known, part].argmax(axis=1)
                scores[f"validation_{head.name}_macro_f1"] = macro_f1(truth[known, i], predicted)
        loss = self.loss(torch.from_numpy(logits), torch.from_numpy(truth)).item()
        score = float(np.mean(list(scores.values()))) if scores else -loss
        return scores | {"validation_loss": loss, "validation_score": score}


def _stack_targets(heads: Sequence[HeadLabels], rows: Sequence[Row]) -> torch.Tensor:
    return torch.from_numpy(np.stack([h.targets(rows) for h in heads], axis=1))


def _tensors(ids: Sequence[list[int]]) -> list[torch.Tensor]:
    return [torch.tensor(i) for i in ids]


@torch.no_grad()
def _base_states(
    model: TicketClassifier, ids: Sequence[torch.Tensor], processes: Processes, amp: bool
) -> list[torch.Tensor]:
    """Return each row's float16 states above the frozen layers, (tokens, hidden), for keeps."""
    device, lengths = processes.device, [len(i) for i in ids]
    everything = torch.zeros(sum(lengths), model.heads.in_features, dtype=torch.float16)
    found: Sequence[torch.Tensor] = torch.split(everything, lengths)
    for batch in processes.own(in_length_order(ids, _EVALUATION_BATCH)):
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            states = model.base(batch.inputs.to(device), batch.attention_mask.to(device))
        for row, state in zip(batch.rows.tolist(), states.cpu(), strict=True):
            found[row].copy_(state[: lengths[row]])
    processes.sum_up(everything)
    return list(found)


@torch.no_grad()
def _logits(
    model: TicketClassifier, inputs: Sequence[torch.Tensor], processes: Processes, amp: bool
) -> NDArray[np.float32]:
    model.eval()
    device, out = processes.device, torch.zeros(len(inputs), sum(model.head_sizes))
    for batch in processes.own(in_length_order(inputs, _EVALUATION_BATCH)):
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            logits = model(batch.inputs.to(device), batch.attention_mask.to(device))
        out[batch.rows] = logits.float().cpu()
    found: NDArray[np.float32] = processes.sum_up(out).numpy()
    return found


def _cpu_has_bfloat16() -> bool:
    """True where bfloat16 is computed, not emulated: it halves the training time there."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False

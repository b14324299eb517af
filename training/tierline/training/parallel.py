"""One training shared by several processes: data-parallel, through Hugging Face accelerate.

Every process reads the same tickets, draws the same random numbers and so forms the same batches;
of each batch it computes its share. Gradients and results are sums over the shares, so that what
is learnt, and every decision on the way, is what one process would have come to, but for the
rounding of sums taken in another order.
"""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from tierline.data.corpus import Corpus
from tierline.data.errors import LaunchError
from tierline.training.batches import Batch
from tierline.training.launch import Launch, launched
from tierline.training.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

#: Numbers sent at a time (64 MiB of float32): what must fit on a GPU beside the model.
_PIECE: Final = 2**24


class Processes:
    """One process: it prepares nothing, and its share is all there is."""

    count = 1

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def prepare(self, model: nn.Module) -> nn.Module:
        """Return what to call in training, so that gradients are those of the whole batch."""
        return model

    def share(self, batch: Batch) -> Batch:
        """Return what this process computes of a batch, padded as the whole batch is.

        There is always an input, even where no row falls to this process: ``rows`` may then be
        fewer than ``inputs``, and what comes of the others doesn't count.
        """
        return batch

    def own(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the whole batches that this process evaluates."""
        yield from batches

    def sum_up(self, tensor: Tensor) -> Tensor:
        """Add up what the processes have, in place; all then hold the very same numbers."""
        return tensor


class _Several(Processes):
    """One of several processes."""

    def __init__(self, launch: Launch, accelerator: "Accelerator") -> None:
        super().__init__(accelerator.device)
        self.rank, self.count = launch.rank, launch.count
        self._accelerator = accelerator
        self._dropouts: list[_DropoutOfShare] = []

    def prepare(self, model: nn.Module) -> nn.Module:
        for parent in list(model.modules()):
            for name, child in parent.named_children():
                if type(child) is nn.Dropout and child.p:
                    self._dropouts.append(_DropoutOfShare(child.p))
                    setattr(parent, name, self._dropouts[-1])
        prepared: nn.Module = self._accelerator.prepare(model)
        return prepared

    def share(self, batch: Batch) -> Batch:
        size = len(batch.rows)
        start, end = size * self.rank // self.count, size * (self.rank + 1) // self.count
        taken = slice(start, max(end, start + 1))
        for dropout in self._dropouts:
            dropout.whole, dropout.taken = size, taken
        return Batch(batch.inputs[taken], batch.attention_mask[taken], batch.rows[start:end])

    def own(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        return islice(batches, self.rank, None, self.count)

    def sum_up(self, tensor: Tensor) -> Tensor:
        for piece in tensor.view(-1).split(_PIECE):
            piece.copy_(self._accelerator.reduce(piece.to(self.device), reduction="sum"))
        return tensor


class _DropoutOfShare(nn.Dropout):
    """Draws the mask for the whole batch, as one process would, and applies the share's rows.

    Without it, processes with one seed would drop the same units of different tickets, and
    N of them would learn something else than one.
    """

    whole = 1
    taken = slice(0, 1)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        if not self.training:
            return input
        mask = input.new_empty((self.whole, *input.shape[1:])).bernoulli_(1 - self.p)
        return input * mask.div_(1 - self.p)[self.taken]


@contextmanager
def joined(corpus: Corpus, recipe: Recipe) -> Iterator[Processes]:
    """Join the other processes of the launch for a training; alone, there is nothing to join.

    Raises:
        LaunchError: when the processes can't train together, or one of them has stopped.
    """
    launch = launched()
    if launch.count == 1:
        yield Processes(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        return
    before = signal.signal(signal.SIGTERM, _stopped)  # the launcher's word that another failed
    try:
        accelerator = _accelerator(launch)
        _check_same(launch, accelerator, _fingerprint(corpus, recipe))
        yield _Several(launch, accelerator)
    except RuntimeError as error:
        raise LaunchError(
            f"{launch} had to stop: {str(error).splitlines()[0]}. "
            "If another process failed first, its own message says why"
        ) from error
    finally:
        signal.signal(signal.SIGTERM, before)
    accelerator.end_training()


def _accelerator(launch: Launch) -> "Accelerator":
    from accelerate import Accelerator
    from accelerate.utils import DistributedDataParallelKwargs

    # Pre-trained encoders have parameters that classification doesn't use (BERT's pooler).
    settings = DistributedDataParallelKwargs(find_unused_parameters=True, broadcast_buffers=False)
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),
        mixed_precision="no",  # the loop has its own
        kwargs_handlers=[settings],
    )
    kind = accelerator.distributed_type
    if accelerator.num_processes != launch.count or not kind.startswith("MULTI_"):
        raise LaunchError(
            f"expected {launch.count} data-parallel processes; accelerate was set up for "
            f"{accelerator.num_processes} of the type {kind.value}. Launch with --multi_gpu and "
            "without FSDP, DeepSpeed or Megatron (see accelerate config)"
        )
    return accelerator


def _check_same(launch: Launch, accelerator: "Accelerator", fingerprint: int) -> None:
    found = accelerator.gather(torch.tensor([fingerprint], device=accelerator.device)).tolist()
    others = [Launch(r, launch.count) for r, number in enumerate(found) if number != found[0]]
    if others:
        raise LaunchError(
            "expected every process to read the same tickets with the same settings; "
            f"{', '.join(map(str, others))} read others than the main process. "
            "Give every machine the same files and the same command"
        )


def _fingerprint(corpus: Corpus, recipe: Recipe) -> int:
    """Return 60 bits of a digest of the settings and of the tickets to learn from, in order."""
    digest = sha256(repr(recipe).encode())
    for part in ("train", "validation"):
        for row in corpus.parts[part]:
            labels = sorted(row.labels.items())
            digest.update(repr((row.ticket.subject, row.ticket.body, labels)).encode())
    return int(digest.hexdigest()[:15], 16)


def _stopped(*_: Any) -> None:
    raise LaunchError("the launcher ended this process: another one failed, and says why")

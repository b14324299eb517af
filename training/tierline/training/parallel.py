"""One training shared by several processes: data-parallel, through Hugging Face accelerate.

Every process reads the same tickets, draws the same random numbers and so forms the same batches;
of each batch it computes its share. Gradients and results are sums over the shares, so that what
is learnt, and every decision on the way, is what one process would have come to, but for the
rounding of sums taken in another order.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from tierline.training.batches import Batch
from tierline.training.launch import Launch

if TYPE_CHECKING:
    from accelerate import Accelerator

#: Numbers sent at a time (64 MiB of float32): what must fit on a GPU beside the model.
_PIECE: Final = 2**24


class Processes:
    """This process among those that train together; alone, everything falls to it."""

    def __init__(
        self, device: torch.device, place: Launch | None = None, link: "Accelerator | None" = None
    ) -> None:
        """Take this process's place, and what links it to the others where there are any."""
        self.device, self.place, self._link = device, place or Launch(), link
        self._dropouts: list[_DropoutOfShare] = []

    def prepare(self, model: nn.Module) -> nn.Module:
        """Return what to call in training, so that gradients are those of the whole batch."""
        if self._link is None:
            return model
        for parent in list(model.modules()):
            for name, child in parent.named_children():
                if type(child) is nn.Dropout and child.p:
                    self._dropouts.append(_DropoutOfShare(child.p))
                    setattr(parent, name, self._dropouts[-1])
        prepared: nn.Module = self._link.prepare(model)
        return prepared

    def share(self, batch: Batch) -> Batch:
        """Return what this process computes of a batch, padded as the whole batch is.

        There is always an input, even where no row falls to this process: ``rows`` may then be
        fewer than ``inputs``, and what comes of the others doesn't count.
        """
        if self._link is None:
            return batch
        size, rank, count = len(batch.rows), self.place.rank, self.place.count
        start, end = size * rank // count, size * (rank + 1) // count
        taken = slice(start, max(end, start + 1))
        for dropout in self._dropouts:
            dropout.whole, dropout.taken = size, taken
        return Batch(batch.inputs[taken], batch.attention_mask[taken], batch.rows[start:end])

    def own(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the whole batches that this process evaluates."""
        return islice(batches, self.place.rank, None, self.place.count)

    def sum_up(self, tensor: Tensor) -> Tensor:
        """Add up what the processes have, in place; all then hold the very same numbers."""
        if self._link is not None:
            for piece in torch.split(tensor.view(-1), _PIECE):
                piece.copy_(self._link.reduce(piece.to(self.device), reduction="sum"))
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

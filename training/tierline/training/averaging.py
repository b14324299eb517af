"""A moving average of the weights: what is validated, kept and exported."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn

#: Weight of the past at most; while steps are few it is (1 + steps) / (10 + steps).
_DECAY: Final = 0.99


class MovingAverage:
    """The exponential moving average of the parameters that learn.

    It smooths out the noise of single steps, as averaging of iterates does (Polyak and
    Juditsky, 1992, doi:10.1137/0330046). Frozen parameters aren't copied.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = [p for p in parameters if p.requires_grad]
        self.values = self._current()
        self.steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take in the parameters as they are after a step of the optimiser."""
        self.steps += 1
        decay = min(_DECAY, (1 + self.steps) / (10 + self.steps))
        for value, parameter in zip(self.values, self.parameters, strict=True):
            value.lerp_(parameter, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the parameters; what was learnt last comes back at the end."""
        last = self._current()
        self._set(self.values)
        try:
            yield
        finally:
            self._set(last)

    def _current(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def _set(self, values: Iterable[Tensor]) -> None:
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.copy_(value)

"""Which of a launch's processes this one is, as `accelerate launch` or torchrun says."""

import os
from dataclasses import dataclass
from typing import Final

from tierline.data.errors import LaunchError

#: Rank and size as torchrun (and so accelerate) names them, and as Open MPI does.
_NAMES: Final = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"))


@dataclass(frozen=True)
class Launch:
    """One process among ``count``, numbered by ``rank`` from 0; a plain start is 0 of 1."""

    rank: int = 0
    count: int = 1

    def __str__(self) -> str:
        return f"process {self.rank + 1} of {self.count}"

    @property
    def main(self) -> bool:
        """True for the one process that speaks, writes and registers."""
        return self.rank == 0


def launched() -> Launch:
    """Return this process's place, read from the environment."""
    for rank, count in _NAMES:
        if rank in os.environ and int(os.environ.get(count, "1")) > 1:
            return Launch(int(os.environ[rank]), int(os.environ[count]))
    return Launch()


def unshared(launch: Launch) -> LaunchError:
    """Return the error of a command that one process must run alone."""
    return LaunchError(
        f"of the commands only `tierline train` shares its work; found {launch}. "
        "Run this one without accelerate launch or torchrun"
    )

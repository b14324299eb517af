"""Join the other processes of a launch, make sure that all learn the same, and end together."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import torch

from tierline.data.corpus import Corpus
from tierline.data.errors import LaunchError
from tierline.training.launch import Launch, launched
from tierline.training.parallel import Processes
from tierline.training.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator


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
        yield Processes(accelerator.device, launch, accelerator)
        accelerator.end_training()
    except BaseException as error:
        # Whoever fails, the launcher ends the others, by force after half a minute: time enough
        # to say why and to close the run.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if not isinstance(error, RuntimeError):
            raise
        raise LaunchError(
            f"the shared training broke off: {str(error).splitlines()[0]}. "
            "If another process failed first, its own message says why"
        ) from error
    signal.signal(signal.SIGTERM, before)


def _accelerator(launch: Launch) -> "Accelerator":
    from accelerate import Accelerator
    from accelerate.utils import DistributedDataParallelKwargs

    # Pre-trained encoders have parameters that classification doesn't use (BERT's pooler).
    settings = DistributedDataParallelKwargs(find_unused_parameters=True)
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

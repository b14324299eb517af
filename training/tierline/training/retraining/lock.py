"""One retraining at a time in one folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tierline.data.errors import TierlineError


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when a process dies, so none is ever stale.

    Raises:
        TierlineError: when another process holds it.
    """
    lock = FileLock(out / "retrain.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TierlineError(
            f"expected no other retraining in {out}; one is running. Wait for it to end"
        ) from None
    try:
        yield
    finally:
        lock.release()

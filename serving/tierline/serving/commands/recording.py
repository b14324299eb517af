"""A store beside a job: decisions go there while it runs, and all of them are kept at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tierline.data.errors import StoreError
from tierline.serving.commands.shared import console, errors
from tierline.serving.store.opening import open_store

if TYPE_CHECKING:
    from tierline.serving.store.store import Store


@contextmanager
def opened(url: str | None, spool: Path | None = None) -> Iterator["Store"]:
    """Open the store that a command works on.

    Raises:
        StoreError: when none is named, or it is away, or of another version.
    """
    store = open_store(need_url(url), spool)
    try:
        store.check()
        yield store
    finally:
        store.database.close()


@contextmanager
def recording(url: str | None, spool: Path | None) -> Iterator["Store | None"]:
    """Start the store beside a job, if one is named; say at the end where decisions are.

    Raises:
        StoreError: when it is away before the job begins.
    """
    if url is None:
        yield None
        return
    store = open_store(url, spool)
    try:
        store.start(need=True)
    except StoreError:
        store.database.close()
        raise
    try:
        yield store
    finally:
        store.close()
        _tell(store)


@contextmanager
def beside(url: str | None, spool: Path | None = None) -> Iterator["Store | None"]:
    """Give the store in which people's word counts, None where none is named.

    Raises:
        StoreError: when it is away, or of another version.
    """
    if url is None:
        yield None
        return
    with opened(url, spool) as store:
        yield store


def need_url(url: str | None) -> str:
    """Return the store's URL.

    Raises:
        StoreError: when none is named.
    """
    if not url:
        raise StoreError(
            "expected a store: name it with --store sqlite:///FILE or in TIERLINE_STORE_URL"
        )
    return url


def _tell(store: "Store") -> None:
    found = store.status
    if found.problem is not None:
        errors.print(f"note: {found.problem}", markup=False)
    if found.waiting:
        where = store.spool.folder
        console.print(
            f"decisions wait in {where}; write them with: tierline store sync", markup=False
        )
    if found.lost:
        errors.print(f"{found.lost:,} decisions could be kept nowhere", markup=False)

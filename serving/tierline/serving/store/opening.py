"""Open a store, or say what is missing for that: the way in that needs no database library."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierline.data.errors import StoreError

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

_NEEDED: Final = ("sqlalchemy", "alembic", "filelock")


def open_store(url: str, spool: Path | None = None) -> "Store":
    """Return the store at a URL; nothing connects yet.

    ``spool`` is the folder where decisions wait while the store is away.

    Raises:
        StoreError: for a URL of another kind, or without the libraries.
    """
    need_store_extra()
    from tierline.serving.store.store import Store

    return Store(url, spool)


def need_store_extra() -> None:
    """Refuse to go on without the libraries that a store needs.

    Raises:
        StoreError: naming the extra to install.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise StoreError(
            f"a store needs {', '.join(missing)}: pip install 'tierline[store]', or "
            "'tierline[store,postgres]' for PostgreSQL"
        )

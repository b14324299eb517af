"""The store's URL: read, checked, and shown without its password."""

import os
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tierline.data.errors import StoreError

URL_VARIABLE: Final = "TIERLINE_STORE_URL"
SPOOL_VARIABLE: Final = "TIERLINE_STORE_SPOOL"
_EXPECTED: Final = "sqlite:///PATH/store.db or postgresql://USER:PASSWORD@HOST/DATABASE"


def read_url(text: str) -> URL:
    """Return the URL with the driver that is used for its database.

    Raises:
        StoreError: for anything else than a file of SQLite or a database of PostgreSQL.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Not repeated: what can't be read as a URL may hold a password anywhere.
        raise StoreError(f"--store: expected {_EXPECTED}; found no URL") from None
    name = url.get_backend_name()
    if name == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url.set(drivername="sqlite")
    if name in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    found = "a database in memory, which ends with the process" if name == "sqlite" else name
    raise StoreError(f"--store: expected {_EXPECTED}; found {found}")


def shown(url: URL) -> str:
    """Return the URL as messages may show it."""
    return url.set(query={}).render_as_string(hide_password=True)


def spool_folder(url: URL) -> Path:
    """Return where decisions wait while the store is away: the variable's folder, else a default.

    Beside SQLite's file, or in the working directory, by host and database.
    """
    if own := os.environ.get(SPOOL_VARIABLE):
        return Path(own)
    if url.get_backend_name() == "sqlite":
        return Path(f"{url.database}.spool")
    place = "-".join(map(str, filter(None, (url.host, url.port, url.database)))) or "local"
    return Path("tierline-spool") / "".join(c if c.isalnum() or c in "-." else "_" for c in place)

"""The database: connections that time out, errors that say the remedy and no secrets."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from tierline.data.errors import StoreError
from tierline.serving.store.urls import read_url, shown

#: How long a write waits for other writers, and a read that an answer waits for.
#: Writers of SQLite take turns by chance: with dozens, one may wait for long.
WRITE_SECONDS: Final = 30.0
READ_SECONDS: Final = 0.5
#: The same for a write that an answer waits for.
ANSWER_SECONDS: Final = 5.0
#: The same for the writing of decisions: what waits in memory is lost when the process is killed,
#: so it goes to the spool soon. PostgreSQL may be busy with hundreds of them for longer.
BACKGROUND_SECONDS: Final = 1.0
_STATEMENT_SECONDS: Final = {BACKGROUND_SECONDS: 10.0}
_WRITES: Final = "tierline_writes"


class RowsRefusedError(StoreError):
    """The database is there, and refuses these rows for what they hold."""


class Database:
    """One database by URL. Nothing connects before the first use."""

    def __init__(self, url: str) -> None:
        self.url = read_url(url)
        self.shown = shown(self.url)
        self._engines: dict[float, Engine] = {}
        self._making = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self, seconds: float = WRITE_SECONDS) -> Iterator[Connection]:
        """Connect to read, waiting at most about ``seconds`` for others.

        Raises:
            StoreError: when the database is away.
        """
        with self._told(), self._engine(seconds).connect() as connection:
            yield connection

    @contextmanager
    def writing(self, seconds: float | None = None) -> Iterator[Connection]:
        """Connect to write in one transaction, committed at the end.

        Other writers are waited for at most about ``seconds``, by default for long.

        Raises:
            StoreError: when the database is away.
            RowsRefusedError: when it is there and refuses the rows.
        """
        engine = self._engine(seconds or WRITE_SECONDS)
        engine = engine.execution_options(**{_WRITES: True})
        with self._told(), engine.begin() as connection:
            yield connection

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """Connect without a transaction, for what can't run in one.

        Raises:
            StoreError: when the database is away.
        """
        engine = self._engine(WRITE_SECONDS)
        with self._told(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            if not self.is_sqlite:
                c.exec_driver_sql("SET statement_timeout = 0")
            yield c
            if not self.is_sqlite:
                c.exec_driver_sql("RESET statement_timeout")

    def create_file(self) -> None:
        """Make SQLite's file if there is none yet; readers and writers don't wait for each other.

        Raises:
            StoreError: when it can't be made.
        """
        path = Path(self.url.database or "")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"store {self.shown}: can't be made ({error}). Name a folder that can be written"
            ) from None

    def close(self) -> None:
        """Close every connection."""
        for engine in list(self._engines.values()):  # late work may still make another one
            engine.dispose()

    def _engine(self, seconds: float) -> Engine:
        # Two threads at once must not make two: one would be lost, with its connections open.
        with self._making:
            if seconds not in self._engines:
                make = _sqlite if self.is_sqlite else _postgresql
                self._engines[seconds] = make(self.url, seconds)
            return self._engines[seconds]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError) as error:
            raise RowsRefusedError(
                f"store {self.shown}: refuses a row ({type(error.orig).__name__})"
            ) from None
        except SQLAlchemyError as error:
            raise StoreError(f"store {self.shown}: {self._problem(error)}") from None

    def _problem(self, error: SQLAlchemyError) -> str:
        """Return what happened and the remedy: never a statement, its values or a password."""
        if not isinstance(error, DBAPIError) or error.orig is None:
            return f"{type(error).__name__}: is it reachable, with connections to spare?"
        said = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        text = said[0].replace(str(self.url.password or "\0"), "***")
        return f"{text}. {_remedy(text)}"


def _remedy(text: str) -> str:
    known = {
        "locked": "Another program holds it; end that one's transaction",
        "unable to open": "Is the path right? Make a new store with: tierline store init",
        "full": "Free some space",
        "readonly": "Allow writing to the file and its folder",
        "not a database": "Name another file, or put a copy of the store back",
        "malformed": "Put a copy of the store back",
        "no such table": "Make the tables with: tierline store init",
        "does not exist": "Make the database, then its tables with: tierline store init",
        "password authentication": "Give the right user and password in the URL",
    }
    return next((r for part, r in known.items() if part in text), "Is the server running?")


def _sqlite(url: URL, seconds: float) -> Engine:
    """Return an engine that opens the file anew each time, and never makes one.

    So a file that was moved away is seen to be gone, instead of being written to unseen.
    """
    place = f"file:{quote(str(Path(url.database or '').absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            place, uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA secure_delete=ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        writes = options.get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL, seconds: float) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreError(
            "a store in PostgreSQL needs its driver: pip install 'tierline[store,postgres]'"
        ) from None
    limits = {
        "lock_timeout": seconds,
        "statement_timeout": _STATEMENT_SECONDS.get(seconds, 2 * seconds),
    }
    options = " ".join(f"-c {name}={int(1000 * value)}" for name, value in limits.items())
    arguments: dict[str, Any] = {
        "connect_timeout": url.query.get("connect_timeout", 3),
        "tcp_user_timeout": 5000,
        "options": f"-c timezone=UTC {options}",
    }
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, hide_parameters=True)

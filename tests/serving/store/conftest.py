"""A store in SQLite and one in a real PostgreSQL; tests that use ``store`` run on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from .postgres import emptied, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """A PostgreSQL that runs as long as the tests."""
    with postgres() as url:
        yield url


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing from outside, and a folder of the test's own."""
    for name in ("TIERLINE_STORE_URL", "TIERLINE_STORE_KEY", "TIERLINE_STORE_SPOOL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A place for a store in SQLite."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A place for a store: on either database, empty."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: URL = request.getfixturevalue("server")
    return emptied(server).render_as_string(hide_password=False)


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """A store that writes."""
    with running(url, tmp_path / "spool") as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store that writes, in SQLite only."""
    with running(sqlite_url, tmp_path / "spool") as opened:
        yield opened


@pytest.fixture
def made(sqlite_url: str, tmp_path: Path) -> Store:
    """A store in SQLite that is made, for a server to start."""
    store = Store(sqlite_url, tmp_path / "spool")
    make(store.database)
    return store


class running:  # noqa: N801
    """A new store at a URL, made and started, closed at the end."""

    def __init__(self, url: str, spool: Path) -> None:
        self._store = Store(url, spool)

    def __enter__(self) -> Store:
        make(self._store.database)
        self._store.start(need=True)
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()

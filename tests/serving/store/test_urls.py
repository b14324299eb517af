"""URLs of stores: what is taken, what is refused, and that no password is ever shown."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tierline.data.errors import StoreError
from tierline.serving.store import opening
from tierline.serving.store.engine import Database
from tierline.serving.store.opening import open_store
from tierline.serving.store.urls import read_url, shown, spool_folder


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///a.db", "sqlite"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg"),
    ],
)
def test_the_driver_is_ours(given: str, driver: str) -> None:
    assert read_url(given).drivername == driver


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://u:hunter2@h/d", "found mysql"),
        ("hunter2", "found no URL"),
        ("", "found no URL"),
        ("postgresql://u:hunter2@h:port/d", "found no URL"),
    ],
)
def test_others_are_refused(given: str, found: str) -> None:
    with pytest.raises(StoreError, match=found) as caught:
        read_url(given)
    assert "hunter2" not in str(caught.value)


def test_a_password_is_shown_nowhere() -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/tickets?password=hunter2"
    assert "hunter2" not in shown(read_url(url))
    database = Database(url.partition("?")[0])
    with pytest.raises(StoreError) as caught, database.reading():
        pass
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    database.close()


def test_a_password_that_a_driver_repeats_is_covered() -> None:
    database = Database("postgresql://me:hunter2@127.0.0.1:1/tickets")
    said = Exception("no entry for me with hunter2\nDETAIL: words of a row")
    problem = database._problem(DBAPIError("SELECT words", {"body": "words"}, said))
    assert problem == "no entry for me with ***. Is the server running?"


def test_where_decisions_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spool_folder(read_url("sqlite:////data/a.db")) == Path("/data/a.db.spool")
    remote = read_url("postgresql://me:hunter2@db.local:5432/tickets")
    assert spool_folder(remote) == Path("tierline-spool/db.local-5432-tickets")
    monkeypatch.setenv("TIERLINE_STORE_SPOOL", "/own")
    assert spool_folder(remote) == Path("/own")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_NEEDED", ("sqlalchemy", "not_there_at_all"))
    with pytest.raises(StoreError, match=r"not_there_at_all: pip install 'tierline\[store\]'"):
        open_store("sqlite:///a.db")

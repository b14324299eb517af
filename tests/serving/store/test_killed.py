"""A server that is killed while the database is locked: what it answered is in the spool."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from .making import rows, wait_for

#: Answers twenty tickets with a store, says so, and waits to be ended.
SERVER = """
import sys, time
from tests.serving.fakes import NOW, POLICY, prediction
from tests.serving.store.making import decided, ticket
from tierline.serving.store.store import Store
store = Store(sys.argv[1])
store.start(need=True)
print("ready", flush=True)
input()
store.record([decided(ticket(), prediction()) for _ in range(20)], POLICY, NOW)
print("answered", flush=True)
input()
store.close()
"""


@contextmanager
def serving(store: Store) -> Iterator["subprocess.Popen[str]"]:
    url = f"sqlite:///{store.database.url.database}"
    command = [sys.executable, "-c", SERVER, url]
    pipe, root = subprocess.PIPE, Path(__file__).parents[3]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_what_was_answered_while_the_store_was_locked_is_written_later(
    tmp_path: Path, how: str
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    make(store.database)
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    with serving(store) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        holder.execute("BEGIN IMMEDIATE")
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "answered\n"
        if how == "killed":
            wait_for(lambda: not store.spool.is_empty())
            process.kill()
        else:
            print(file=process.stdin, flush=True)
        process.wait(20)
    assert store.spool.count() == (20, 0)
    holder.execute("ROLLBACK")
    holder.close()
    store.write_spool()
    assert len(rows(store)) == 20
    store.database.close()

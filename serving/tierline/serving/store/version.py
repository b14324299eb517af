"""Whether a database holds a store, and at which of the migrations."""

from enum import StrEnum
from functools import cache

from alembic.command import upgrade as alembic_upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tierline.data.errors import StoreError
from tierline.serving.store.engine import Database


class Version(StrEnum):
    """Where a database is on the way of the migrations."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"


@cache
def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "tierline.serving.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def latest() -> str:
    """Return the id of the last migration that this Tierline has."""
    return str(_script().get_current_head())


def version_of(connection: Connection) -> tuple[Version, str | None]:
    """Return where the database is, and its migration's id."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return Version.EMPTY, None
    if found == latest():
        return Version.CURRENT, found
    known = {revision.revision for revision in _script().walk_revisions()}
    return (Version.BEHIND if found in known else Version.AHEAD), found


def need_current(database: Database, connection: Connection) -> None:
    """Refuse a database that isn't a store of this version.

    Raises:
        StoreError: with the remedy.
    """
    version, found = version_of(connection)
    remedies = {
        Version.EMPTY: "found no tables. Make them with: tierline store init",
        Version.BEHIND: f"found {found}. Bring it up to date with: tierline store upgrade",
        Version.AHEAD: f"found {found}. A newer Tierline made it: install that one",
    }
    if version in remedies:
        raise StoreError(
            f"store {database.shown}: expected migration {latest()}; {remedies[version]}"
        )


def migrate(database: Database, to: str = "head") -> None:
    """Run the migrations that are missing, in one transaction.

    Raises:
        StoreError: when the database is away or a newer Tierline made it.
    """
    with database.writing() as connection:
        version, found = version_of(connection)
        if version is Version.AHEAD:
            raise StoreError(
                f"store {database.shown}: expected migration {latest()} or an earlier one; "
                f"found {found}. A newer Tierline made it: install that one"
            )
        alembic_upgrade(_config(connection), to)

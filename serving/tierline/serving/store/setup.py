"""Make a store, bring it up to date, count what it holds."""

from dataclasses import dataclass

from sqlalchemy import func, select

from tierline.data.errors import StoreError
from tierline.serving.store.engine import Database
from tierline.serving.store.pseudonyms import make_key, read_key
from tierline.serving.store.schema import decisions, exclusions, feedback, handoffs, locks, outcomes
from tierline.serving.store.version import Version, latest, migrate, version_of


@dataclass(frozen=True)
class Made:
    """A store at its migration now and before."""

    shown: str
    migration: str
    before: str | None


def make(database: Database) -> Made:
    """Make the tables and the key; a store that is there and up to date stays as it is.

    Raises:
        StoreError: when the database is away, or holds an older or newer store.
    """
    if database.is_sqlite:
        database.create_file()
    with database.reading() as connection:
        version, found = version_of(connection)
    if version is Version.BEHIND:
        raise StoreError(
            f"store {database.shown}: expected none; found one at migration {found}. Bring it "
            "up to date with: tierline store upgrade"
        )
    migrate(database)
    with database.writing() as connection:
        make_key(connection)
        read_key(connection)
    return Made(database.shown, latest(), found)


def upgrade(database: Database) -> Made:
    """Run the migrations that an older store lacks.

    Raises:
        StoreError: when the database is away, holds no store, or a newer one.
    """
    with database.reading() as connection:
        version, found = version_of(connection)
    if version is Version.EMPTY:
        raise StoreError(
            f"store {database.shown}: expected a store; found no tables. Make them with: "
            "tierline store init"
        )
    migrate(database)
    return Made(database.shown, latest(), found)


def counts(database: Database) -> dict[str, int]:
    """Return how many rows the tables have that fill with use."""
    with database.reading() as connection:
        return {
            table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
            for table in (decisions, feedback, outcomes, locks, handoffs, exclusions)
        }

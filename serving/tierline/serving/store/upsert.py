"""An INSERT that may say what to do on a conflict: each database has its own."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_of(connection: Connection, table: Table) -> Any:
    """Return an insertion into the table, with the ``on_conflict_`` methods of the database."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)

"""A ticket's stated severities are found without reading its other decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Index the few decisions in which a person stated one."""
    stated = sa.text("stated_severity IS NOT NULL")
    columns = ["ticket_key", "decided_at", "id", "stated_severity"]
    op.create_index(
        "ix_decisions_stated", "decisions", columns, sqlite_where=stated, postgresql_where=stated
    )

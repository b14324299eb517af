"""The store keeps for a while whose decisions were erased: others may still hold some."""

import sqlalchemy as sa
from alembic import op

from tierline.serving.store.schema import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erased",
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("erased_at", Instant, nullable=False),
    )

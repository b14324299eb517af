"""What people say afterwards: corrections, locks, exclusions and outcomes."""

import sqlalchemy as sa
from alembic import op

from tierline.serving.store.schema import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ticket_key", sa.String(64), index=True),
        sa.Column("customer_key", sa.String(64), index=True),
        sa.Column("ticket_id", sa.String(200)),
        sa.Column("decision_id", sa.String(36)),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("severity", sa.String(200)),
        sa.Column("issue_type", sa.String(200)),
        sa.Column("sentiment", sa.String(200)),
        sa.Column("answered", sa.JSON, nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("corrected_at", Instant),
        sa.Column("received_at", Instant, nullable=False, index=True),
    )
    op.create_table(
        "locks",
        sa.Column("ticket_key", sa.String(64), primary_key=True),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("locked_at", Instant, nullable=False),
    )
    op.create_table(
        "exclusions",
        sa.Column("from_team", sa.String(64), primary_key=True),
        sa.Column("to_team", sa.String(64), primary_key=True),
        sa.Column("since", Instant, nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("ticket_key", sa.String(64), primary_key=True),
        sa.Column("resolved_at", Instant),
        sa.Column("resolved_tier", sa.SmallInteger),
        sa.Column("reopened", sa.Boolean),
        sa.Column("csat", sa.SmallInteger),
        sa.Column("received_at", Instant, nullable=False, index=True),
    )

"""Decisions keep the severity that a person stated; a customer's rows outlive the decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("decisions", sa.Column("stated_severity", sa.String(200)))
    for name in ("locks", "handoffs", "outcomes"):
        op.add_column(name, sa.Column("customer_key", sa.String(64)))

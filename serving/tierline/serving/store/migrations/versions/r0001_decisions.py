"""Decisions, with the policies and models that made them."""

import sqlalchemy as sa
from alembic import op

from tierline.serving.store.schema import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.String(255), primary_key=True),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "models",
        sa.Column("version", sa.String(255), primary_key=True),
        sa.Column("thresholds", sa.JSON, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("ticket_key", sa.String(64), index=True),
        sa.Column("customer_key", sa.String(64), index=True),
        sa.Column("decided_at", Instant, nullable=False),
        sa.Column("clock", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("context", sa.JSON, nullable=False),
        sa.Column("exclusions", sa.JSON, nullable=False),
        sa.Column("taken_out", sa.JSON, nullable=False),
        sa.Column("inputs_hash", sa.String(64), nullable=False),
        sa.Column("prediction", sa.JSON),
        sa.Column("recommendation", sa.JSON, nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("model_version", sa.String(255)),
        sa.Column("policy_version", sa.String(255), nullable=False),
        sa.Column("rules_version", sa.String(40), nullable=False),
        sa.Column("code_version", sa.String(40), nullable=False),
        sa.Column("replays", sa.Boolean, nullable=False),
    )
    op.create_index("ix_decisions_decided_at_id", "decisions", ["decided_at", "id"])

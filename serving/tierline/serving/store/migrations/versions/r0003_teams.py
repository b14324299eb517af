"""Locks name a team, hand-offs keep their checklist, exclusions one name for the team they bar."""

import sqlalchemy as sa
from alembic import op

from tierline.serving.store.schema import Instant

revision = "0003"
down_revision = "0002"
_STEPS = ("document", "notify", "warm_transfer", "follow_up")
_OLD, _NEW = "team", "to_team"


def upgrade() -> None:
    """Add the column and the table, and rename the key in what is stored as JSON."""
    op.add_column("locks", sa.Column("team", sa.String(200)))
    steps = [
        column
        for step in _STEPS
        for column in (sa.Column(f"{step}_by", sa.String(100)), sa.Column(f"{step}_at", Instant))
    ]
    op.create_table(
        "handoffs",
        sa.Column("ticket_key", sa.String(64), primary_key=True),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("made_at", Instant, nullable=False, index=True),
        *steps,
    )
    _rename_in_policies()
    _rename_in_decisions()


def _rename_in_policies() -> None:
    policies = sa.table("policies", sa.column("version", sa.String), sa.column("content", sa.JSON))
    connection = op.get_bind()
    for version, content in connection.execute(sa.select(policies)).all():
        if rules := content.get("exclusions"):
            kept = content | {"exclusions": [_renamed(rule) for rule in rules]}
            where = policies.c.version == version
            connection.execute(policies.update().where(where).values(content=kept))


def _rename_in_decisions() -> None:
    decisions = sa.table("decisions", sa.column("id", sa.String), sa.column("exclusions", sa.JSON))
    connection = op.get_bind()
    # Most decisions were made under no exclusion; the rest are read some hundreds at a time.
    some = sa.cast(decisions.c.exclusions, sa.Text) != "[]"
    query = sa.select(decisions).where(some).order_by(decisions.c.id).limit(500)
    rows = connection.execute(query).all()
    while rows:
        for name, rules in rows:
            kept = [_renamed(rule) for rule in rules]
            where = decisions.c.id == name
            connection.execute(decisions.update().where(where).values(exclusions=kept))
        rows = connection.execute(query.where(decisions.c.id > rows[-1][0])).all()


def _renamed(rule: dict[str, str]) -> dict[str, str]:
    return {_NEW if name == _OLD else name: value for name, value in rule.items()}

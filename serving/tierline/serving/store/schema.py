"""The store's tables.

Words are stored redacted, ids of tickets and customers as keyed hashes (``*_key``), the
clock as it was given. Policies and models' thresholds are stored once per version.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

from tierline.serving.handoff.packet import BY_CHARS, Step
from tierline.serving.store.forms import TEAM_CHARS


class Instant(TypeDecorator[datetime]):
    """An instant in UTC on every database; SQLite alone would forget the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database gets; the first or last instant where dates end."""
        if value is None:
            return None
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            value = (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant with its time zone."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


KEY_CHARS: Final = 64
_VERSION: Final = String(255)
_NULL: Final = JSON(none_as_null=True)
_STATED: Final = text("stated_severity IS NOT NULL")

metadata: Final = MetaData()

#: What the store knows of itself: the key of its hashes, or how to tell the right key.
settings: Final = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

policies: Final = Table(
    "policies",
    metadata,
    Column("version", _VERSION, primary_key=True),
    Column("content", JSON, nullable=False),
)

models: Final = Table(
    "models",
    metadata,
    Column("version", _VERSION, primary_key=True),
    Column("thresholds", JSON, nullable=False),
)

#: ``clock`` is the clock as given, ``decided_at`` the same instant to search by. ``exclusions``
#: held beside the policy's. ``stated_severity`` is a person's that came with the ticket; one that
#: was remembered is in ``context`` alone. ``taken_out`` names what redaction changed; ``replays``
#: is false where the answer needed what was taken out.
#: Versions are no foreign keys: all writers would wait in turn for the lock of one policy's row.
decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("ticket_key", String(KEY_CHARS), index=True),
    Column("customer_key", String(KEY_CHARS), index=True),
    Column("decided_at", Instant, nullable=False),
    Column("clock", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("context", JSON, nullable=False),
    Column("exclusions", JSON, nullable=False),
    Column("taken_out", JSON, nullable=False),
    Column("inputs_hash", String(64), nullable=False),
    Column("prediction", _NULL),
    Column("recommendation", JSON, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("model_version", _VERSION),
    Column("policy_version", _VERSION, nullable=False),
    Column("rules_version", String(40), nullable=False),
    Column("code_version", String(40), nullable=False),
    Column("replays", Boolean, nullable=False),
    Column("stated_severity", String(200)),
    Index("ix_decisions_decided_at_id", "decided_at", "id"),
    Index(
        "ix_decisions_stated",
        *("ticket_key", "decided_at", "id", "stated_severity"),
        sqlite_where=_STATED,
        postgresql_where=_STATED,
    ),
)

#: ``id`` is a keyed hash of what the correction says of which ticket: the same one comes once.
#: ``ticket_id`` is as given, for retraining has to find the ticket in its own files.
feedback: Final = Table(
    "feedback",
    metadata,
    Column("id", String(KEY_CHARS), primary_key=True),
    Column("ticket_key", String(KEY_CHARS), index=True),
    Column("customer_key", String(KEY_CHARS), index=True),
    Column("ticket_id", String(200)),
    Column("decision_id", String(36)),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("severity", String(200)),
    Column("issue_type", String(200)),
    Column("sentiment", String(200)),
    Column("answered", JSON, nullable=False),
    Column("origin", String(20), nullable=False),
    Column("corrected_at", Instant),
    Column("received_at", Instant, nullable=False, index=True),
)

#: ``customer_key``, here and below, is set when the decisions that say it are purged.
#: ``team`` is null where the person named only a tier.
locks: Final = Table(
    "locks",
    metadata,
    Column("ticket_key", String(KEY_CHARS), primary_key=True),
    Column("customer_key", String(KEY_CHARS)),
    Column("tier", SmallInteger, nullable=False),
    Column("locked_at", Instant, nullable=False),
    Column("team", String(TEAM_CHARS)),
)

#: A ticket's last hand-off: to whom, what its packet lacked (names of the policy's needs), and of
#: each step who did it and when. One to another tier or team begins anew.
handoffs: Final = Table(
    "handoffs",
    metadata,
    Column("ticket_key", String(KEY_CHARS), primary_key=True),
    Column("customer_key", String(KEY_CHARS)),
    Column("tier", SmallInteger, nullable=False),
    Column("team", String(TEAM_CHARS), nullable=False),
    Column("missing", JSON, nullable=False),
    Column("made_at", Instant, nullable=False, index=True),
    *(
        column
        for step in Step
        for column in (
            Column(f"{step}_by", String(BY_CHARS)),
            Column(f"{step}_at", Instant),
        )
    ),
)

exclusions: Final = Table(
    "exclusions",
    metadata,
    Column("from_team", String(64), primary_key=True),
    Column("to_team", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    Column("ticket_key", String(KEY_CHARS), primary_key=True),
    Column("customer_key", String(KEY_CHARS)),
    Column("resolved_at", Instant),
    Column("resolved_tier", SmallInteger),
    Column("reopened", Boolean),
    Column("csat", SmallInteger),
    Column("received_at", Instant, nullable=False, index=True),
)

#: Up to when decisions of a ticket or customer are erased: see `tierline.serving.store.erased`.
erased: Final = Table(
    "erased",
    metadata,
    Column("mark", String(KEY_CHARS), primary_key=True),
    Column("erased_at", Instant, nullable=False),
)

#: A row as the functions of this room pass it on.
Values = dict[str, Any]

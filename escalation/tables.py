"""The tables escalation owns: rules (calendar, limits, ladder), deadlines, escalations."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.database import metadata

Instant = DateTime(timezone=True)

rules = Table(
    "rules",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("content", JSONB, nullable=False, comment="The rows of the rule, as in its CSV form."),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("opened_by", Uuid, nullable=False, comment="The event that opened it."),
    Column("clock", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("assignment_id", Uuid),
    Column("department", Text),
    Column("started_at", Instant, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("rule", Text, nullable=False),
    Column("versions", JSONB, nullable=False, comment="Of calendar, limits and ladder."),
    Column("schedule", JSONB, nullable=False, comment="[level, moment] of every rung, in order."),
    Column("next_rung", SmallInteger, comment="Index into the schedule."),
    Column("next_rung_at", Instant),
    Column("settled_at", Instant),
    Column("settled_because", Text),
    UniqueConstraint("opened_by", "clock", "stage"),
    Index("ix_deadlines_next_rung", "next_rung_at", "id", postgresql_where=text("next_rung_at IS NOT NULL")),
    Index("ix_deadlines_open", "due_at", "id", postgresql_where=text("settled_at IS NULL")),
    Index(
        "ix_deadlines_open_of_department",
        "department",
        "due_at",
        "id",
        postgresql_where=text("settled_at IS NULL"),
    ),
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("deadline_id", ForeignKey("deadlines.id"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("clock", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("card", Text),
    Column("receiver", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("department", Text),
    Column("due_at", Instant, nullable=False),
    Column("fell_due_at", Instant, nullable=False),
    Column("detected_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    UniqueConstraint("deadline_id", "level"),
    Index("ix_escalations_fell_due_at", "fell_due_at", "id"),
)

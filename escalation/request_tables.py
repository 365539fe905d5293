"""The tables of time asked for and time that stood still."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, text

from services.database import metadata

Instant = DateTime(timezone=True)

time_requests = Table(
    "time_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("assignment_id", Uuid, nullable=False),
    Column("department", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("told", Text, comment="What the caller was told."),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("due_at", Instant, nullable=False, comment="When the department was to be done, as it asked."),
    Column("outcome", Text, comment="granted, refused, dropped; null while it waits."),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("decided_because", Text),
    CheckConstraint("kind IN ('extension', 'suspension', 'renewal')", name="kind"),
    CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided"),
    Index("ix_time_requests_open", "asked_at", "id", postgresql_where=text("outcome IS NULL")),
    Index(
        "uq_time_requests_open",
        "ticket_id",
        text("(kind = 'extension')"),
        unique=True,
        postgresql_where=text("outcome IS NULL"),
    ),
)

suspensions = Table(
    "suspensions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("assignment_id", Uuid, nullable=False),
    Column("department", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status_before", Text, nullable=False, comment="Where the ticket stood, and goes back to."),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False, comment="When it is resumed if nobody does before."),
    Column("renewed", Integer, nullable=False, server_default=text("0")),
    Column("ended_at", Instant),
    Column("ended_because", Text),
    Index("uq_suspensions_open", "ticket_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_suspensions_until", "until_at", "id", postgresql_where=text("ended_at IS NULL")),
)

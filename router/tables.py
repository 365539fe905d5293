"""The tables the router owns, apart from the jurisdiction table: departments, assignments, who helps."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.database import metadata

Instant = DateTime(timezone=True)

departments = Table(
    "departments",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("division", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("parent", ForeignKey("departments.code")),
    Column("credit_code", Text),
    Column("enterprise", Boolean, nullable=False, server_default=text("false")),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("successor", ForeignKey("departments.code"), comment="Who has its matters after its last day."),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("assigned_by", Text, nullable=False),
    Column("decision", JSONB, nullable=False, comment="The row, what it beat, the version, the inputs."),
    Column("ended_at", Instant),
    Column("ended_because", Text),
    Column("return_until_at", Instant),
    Column("binding", Text, comment="Why nobody may return it: adjudicated, redo."),
    Column("counts_from_at", Instant, comment="Since when its clock counts, if not since it was made."),
    Index("uq_assignments_open", "ticket_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)

parkings = Table(
    "parkings",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="The ticket's, when it was parked."),
    Column("parked_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("candidates", ARRAY(Text), nullable=False),
    Column("failed_version", Text, comment="The version of the table a row of which could not be asked."),
    Column("failed_row", Text),
    Column("ended_at", Instant),
    CheckConstraint("(failed_version IS NULL) = (failed_row IS NULL)", name="failed"),
    Index("ix_parkings_open", "parked_at", "ticket_id", postgresql_where=text("ended_at IS NULL")),
    Index("ix_parkings_failed", "parked_at", postgresql_where=text("failed_row IS NOT NULL")),
)

returns = Table(
    "returns",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("assignment_id", ForeignKey("assignments.id"), nullable=False),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text),
    Column("competent", ForeignKey("departments.code")),
    Column("missing", ARRAY(Text), nullable=False),
    Column("note", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("disputed", Boolean, nullable=False, comment="It was the one that made the ticket a dispute."),
    Column("outcome", Text, comment="granted, refused, adjudicated, dropped; null while it waits."),
    Column("improper", Boolean, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("decided_because", Text),
    CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided"),
    Index("ix_returns_department", "department", "asked_at"),
    Index("ix_returns_open", "asked_at", "id", postgresql_where=text("outcome IS NULL")),
)

co_handlings = Table(
    "co_handlings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("lead", ForeignKey("departments.code"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("signed_at", Instant),
    Column("answer", Text),
    Column("ended_at", Instant),
    Column("ended_because", Text),
    CheckConstraint("kind IN ('co_handling', 'whistle')", name="kind"),
    Index(
        "uq_co_handlings_open",
        "ticket_id",
        "department",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_co_handlings_department", "department", "assigned_at", "id"),
    Index("ix_co_handlings_lead", "lead"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="The ticket's, when it was said."),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("contacted_at", Instant, comment="By the department's clock."),
    Column("way", Text),
    Column("note", Text),
    Column("evidence", JSONB, nullable=False),
    Column("by", JSONB(none_as_null=True)),
)

resolutions = Table(
    "resolutions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("version", Integer, nullable=False, comment="The ticket's, when it was resolved."),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("at", Instant, nullable=False),
    Column(
        "answer", Text, nullable=False, comment="What the caller is told: the lead's note and the helpers'."
    ),
    Column("note", Text, nullable=False),
    Column("helpers", JSONB, nullable=False),
    Column("internal", Text, comment="For the hotline alone."),
    Column("founded", Boolean),
    Column("within_duty", Boolean),
    Column("solved", Boolean),
    Column("attachments", JSONB, nullable=False),
    Column("by", JSONB(none_as_null=True)),
    Column("reason", Text, comment="Of a negative outcome (否定报备)."),
    Column("because", Text),
    Column("legal_basis", Text),
    Column("reviewed_by", JSONB(none_as_null=True)),
    UniqueConstraint("ticket_id", "version"),
    CheckConstraint(
        "(reason IS NOT NULL) = ((founded AND within_duty AND solved) IS FALSE)"
        " AND (reason IS NULL OR (because IS NOT NULL AND legal_basis IS NOT NULL AND by IS NOT NULL"
        " AND reviewed_by IS NOT NULL AND by ->> 'name' <> reviewed_by ->> 'name'))",
        name="negative",
    ),
    Index("ix_resolutions_negative", "at", "id", postgresql_where=text("reason IS NOT NULL")),
    Index(
        "ix_resolutions_negative_department",
        "department",
        "at",
        "id",
        postgresql_where=text("reason IS NOT NULL"),
    ),
)

supplements = Table(
    "supplements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("department", ForeignKey("departments.code"), nullable=False),
    Column("missing", ARRAY(Text), nullable=False),
    Column("note", Text),
    Column("told", Text, comment="What the department told the caller itself."),
    Column("asked_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("answered_by", Text),
    Column("answer", Text),
    UniqueConstraint("ticket_id", "department"),
    Index("ix_supplements_waiting", "asked_at", "id", postgresql_where=text("answered_at IS NULL")),
    comment="What departments lacked, each told once for a ticket (一次性告知).",
)

mass_events = Table(
    "mass_events",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("tickets", Integer, nullable=False),
    Column("callers", Integer, nullable=False),
    Column("raised_at", Instant, nullable=False),
)

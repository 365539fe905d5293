"""The tables the router owns: departments, the jurisdiction table, assignments, returns."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, ForeignKey, Index, Table, Text, Uuid, text
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
)

jurisdictions = Table(
    "jurisdictions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("division", Text, nullable=False),
    Column("department", ForeignKey("departments.code")),
    Column("mode", Text, nullable=False),
    Column("legal_basis", Text),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("note", Text),
    CheckConstraint("(mode = 'manual') = (department IS NULL)", name="manual_has_no_department"),
)

jurisdiction_versions = Table(
    "jurisdiction_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("source", Text, nullable=False),
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
    Index("uq_assignments_open", "ticket_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)

parkings = Table(
    "parkings",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("parked_at", Instant, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("candidates", ARRAY(Text), nullable=False),
    Column("ended_at", Instant),
    Index("ix_parkings_open", "parked_at", "ticket_id", postgresql_where=text("ended_at IS NULL")),
)

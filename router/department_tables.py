"""The tables of a department's own: its people, its promises, what was changed and where it went."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from services.database import metadata

Instant = DateTime(timezone=True)

department_posts = Table(
    "department_posts",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("post", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    CheckConstraint("post IN ('A', 'B')", name="post"),
    comment="Who handles its tickets (A), and who does when A is away (B).",
)

department_absences = Table(
    "department_absences",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Column("because", Text),
    CheckConstraint("starts_at < ends_at", name="forward"),
    comment="When its post A is away.",
)

duty_shifts = Table(
    "duty_shifts",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("phone", Text),
    Column("ends_at", Instant, nullable=False),
    CheckConstraint("starts_at < ends_at", name="forward"),
)

commitments = Table(
    "commitments",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("category", Text, primary_key=True, comment="A prefix; empty is every category."),
    Column("kind", Text, primary_key=True, comment="Empty is every kind."),
    Column("version", Integer, primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
)

department_changes = Table(
    "department_changes",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("changed", JSONB, nullable=False, comment="By field: what was, what is."),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)

mergers = Table(
    "department_mergers",
    metadata,
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("successor", ForeignKey("departments.code"), nullable=False),
    Column("merges_on", Date, nullable=False),
    Column("because", Text, nullable=False),
    Column("valid_to_before", Date, comment="Its last day, should the merger be taken back."),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("moved", Integer, nullable=False, server_default=text("0")),
    Column("done_at", Instant),
    Index("ix_department_mergers_due", "merges_on", postgresql_where=text("done_at IS NULL")),
)

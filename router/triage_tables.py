"""The tables of the triage desk: what people decided, what is made of it, and what a model may decide."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.database import metadata

Instant = DateTime(timezone=True)

lessons = Table(
    "triage_lessons",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="The ticket's, once it was assigned."),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("category", Text),
    Column("division", Text),
    Column("caller_type", Text, nullable=False),
    Column("words", ARRAY(Text), nullable=False, comment="Of the text, that speak for a department."),
    Column("reason", Text, comment="Why it was parked; null when it was not."),
    Column("from_department", Text, comment="Who had it before."),
    Column("to_department", ForeignKey("departments.code"), nullable=False),
    Index("ix_triage_lessons_category_at", "category", "at"),
    Index("ix_triage_lessons_at", "at"),
)

proposals_decided = Table(
    "row_proposals_decided",
    metadata,
    Column("category", Text, primary_key=True),
    Column("division", Text, primary_key=True),
    Column("department", ForeignKey("departments.code"), primary_key=True),
    Column("accepted", Boolean, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", Text, nullable=False),
)

suggestion_thresholds = Table(
    "suggestion_thresholds",
    metadata,
    Column("category", Text, primary_key=True, comment="A prefix; empty is every category."),
    Column("confidence", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
    CheckConstraint("confidence > 0 AND confidence <= 1", name="confidence"),
)

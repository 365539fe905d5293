"""The tables of the jurisdiction table itself: its rows by version, versions, drafts, special areas."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.database import metadata

Instant = DateTime(timezone=True)
NO_LIST = text("'{}'")

jurisdictions = Table(
    "jurisdictions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("division", Text, nullable=False),
    Column("area", Text),
    Column("basis", Text, nullable=False, server_default="happened"),
    Column("caller_type", Text),
    Column("weekdays", Text),
    Column("hours", Text),
    Column("keywords", ARRAY(Text), nullable=False, server_default=NO_LIST),
    Column("attributes", JSONB, nullable=False, server_default=NO_LIST),
    Column("department", Text, comment="No foreign key: a draft may name what lint then finds unknown."),
    Column("co_handlers", ARRAY(Text), nullable=False, server_default=NO_LIST),
    Column("cc", ARRAY(Text), nullable=False, server_default=NO_LIST),
    Column("mode", Text, nullable=False),
    Column("department_only", Boolean, nullable=False, server_default=text("false")),
    Column("statutory_procedure", Text),
    Column("legal_basis", Text),
    Column("priority", SmallInteger, nullable=False, server_default=text("0")),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("note", Text),
    CheckConstraint("(mode = 'manual') = (department IS NULL)", name="manual_has_no_department"),
    CheckConstraint("mode IN ('direct', 'via_district', 'manual')", name="mode"),
    CheckConstraint("basis IN ('happened', 'work', 'merchant', 'household')", name="basis"),
    CheckConstraint("jsonb_typeof(attributes) = 'object'", name="attributes"),
)

jurisdiction_versions = Table(
    "jurisdiction_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("valid_from", Date, comment="The first day it is in force; empty: the day it was published."),
    Column("drafted_by", Text),
    Column("published_by", Text),
    Column("number", BigInteger, Identity(), nullable=False, comment="The order of publishing."),
    CheckConstraint("drafted_by IS NULL OR drafted_by <> published_by", name="second_person"),
)

jurisdiction_drafts = Table(
    "jurisdiction_drafts",
    metadata,
    Column("version", Text, primary_key=True),
    Column("based_on", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("drafted_by", ARRAY(Text), nullable=False, comment="Everybody who changed it, the first first."),
    Column("drafted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column(
        "digest", LargeBinary, nullable=False, comment="Of its rows: what was simulated is what is published."
    ),
    Column("simulated_digest", LargeBinary),
    Column("simulated_at", Instant),
    Column("simulated_by", Text),
    Column("simulation", JSONB),
    Column("published_at", Instant),
    Index(
        "ix_jurisdiction_drafts_open", "changed_at", "version", postgresql_where=text("published_at IS NULL")
    ),
)

jurisdiction_areas = Table(
    "jurisdiction_areas",
    metadata,
    Column("code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("name", Text, nullable=False),
    Column("divisions", ARRAY(Text), nullable=False),
    Column("outline", JSONB, nullable=False, server_default=text("'[]'")),
    Column("valid_to", Date),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, comment="Empty for one that ships."),
    comment="Special areas that are no divisions; a place is in one by its division or its point.",
)

"""The tables intake owns: hotlines, categories, divisions, raw calls, imports."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from services.database import metadata

Instant = DateTime(timezone=True)

hotlines = Table(
    "hotlines",
    metadata,
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("mode", Text, nullable=False),
)

categories = Table(
    "categories",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent", ForeignKey("categories.code")),
)

divisions = Table(
    "divisions",
    metadata,
    Column("code", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent", ForeignKey("divisions.code")),
)

source_calls = Table(
    "source_calls",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("hotline", Text, nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), index=True),
    Column("received_at", Instant, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("fault", Text),
    comment="Every call as it came, never changed; one that became no ticket says why in fault.",
)

imports = Table(
    "imports",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("file", Text, nullable=False),
    Column("historical", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("read", Integer, nullable=False),
    Column("registered", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
)

import_rejects = Table(
    "import_rejects",
    metadata,
    Column("digest", ForeignKey("imports.digest"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("record", Text, nullable=False),
)

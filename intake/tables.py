"""The tables intake owns: reference data, raw calls, refusals, linkage, imports."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.database import metadata

Instant = DateTime(timezone=True)

hotline_versions = Table(
    "hotline_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("source", Text, nullable=False),
)

hotlines = Table(
    "hotlines",
    metadata,
    Column("version", ForeignKey("hotline_versions.version"), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("certainty", Text, nullable=False),
    Column("alias_of", Text),
    Column("statutory_procedure", Text),
    Column("redirect", Text),
    Column("department", Text),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
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
    Column("actor", Text),
    Column("outcome", Text),
    Column("told", Text),
    Column("evidence", JSONB),
    Index("ix_source_calls_refused", "id", postgresql_where=text("ticket_id IS NULL")),
    Index("ix_source_calls_outcome", "outcome", "id", postgresql_where=text("outcome <> 'ACCEPT'")),
    comment="Every call as it came, never changed; one that became no ticket says why in fault.",
)

refusals = Table(
    "refusals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("call_id", ForeignKey("source_calls.id"), nullable=False, unique=True),
    Column(
        "call",
        JSONB,
        nullable=False,
        comment="The call in canonical form, to register it if refusing is denied.",
    ),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("granted", Boolean),
    Column("note", Text),
    Column("ticket_id", ForeignKey("tickets.id"), comment="What the call became when refusing was denied."),
    CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="second_person"),
    Index("ix_refusals_open", "proposed_at", "id", postgresql_where=text("decided_at IS NULL")),
)

attachments = Table(
    "attachments",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger),
    Column("name", Text),
    Column("added_at", Instant, nullable=False),
    Column("added_by", Text, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("changed", JSONB, nullable=False, comment="By field: what was, what is."),
    Column("because", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("attempt", SmallInteger, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("satisfied", Boolean),
    Column("note", Text),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    CheckConstraint("outcome IN ('solved', 'unsolved', 'unreachable')", name="outcome"),
)

unfounded_claims = Table(
    "unfounded_claims",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("attempt", SmallInteger, primary_key=True, comment="The callback at which it was said."),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("granted", Boolean),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("note", Text),
    CheckConstraint("decided_by IS NULL OR decided_by <> claimed_by", name="second_person"),
    Index("ix_unfounded_claims_open", "claimed_at", "ticket_id", postgresql_where=text("decided_at IS NULL")),
    comment="That what a caller says of an answer is without ground takes two people.",
)

ticket_links = Table(
    "ticket_links",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("other", Text, primary_key=True, comment="A ticket, or an earlier number not known here."),
    Column("at", Instant, nullable=False),
    Index("ix_ticket_links_other", "other"),
    CheckConstraint("kind IN ('same_call', 'follows', 'reopens')", name="kind"),
    comment="Tickets that belong together: of one call, following or reopening an earlier one.",
)

ticket_search = Table(
    "ticket_search",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    Column("accepted_at", Instant, nullable=False),
    Column("tokens", ARRAY(Integer), nullable=False, comment="Hashes of days and words, place, kind."),
    Index("ix_ticket_search_tokens", "tokens", postgresql_using="gin"),
    comment="What the search looks in first; whatever it finds is checked against the ticket.",
)

search_queue = Table(
    "search_queue",
    metadata,
    Column("ticket_id", Text, nullable=False),
    comment="Tickets not yet in ticket_search as they are, put here by a trigger on tickets.",
)

linkage_calls = Table(
    "linkage_calls",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("direction", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("partner_number", Text),
    Column("parties", JSONB, nullable=False),
    Column("decided_by", Text),
    Column("first_received_by", Text),
    Column("outcome", Text, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
)

subcentre_reports = Table(
    "subcentre_reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("note", Text),
    Column("superseded", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_from", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    comment="What a sub-centre reported, never changed; superseded came after a later one.",
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

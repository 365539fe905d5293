"""The tables escalation owns: rules with their drafts and recomputes, deadlines, escalations."""

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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    Column("valid_from", Date, comment="The first day it is in force; empty: since ever."),
    Column("drafted_by", Text),
    Column("published_by", Text),
    Column("number", BigInteger, Identity(), nullable=False, comment="The order of publishing."),
    CheckConstraint("drafted_by IS NULL OR drafted_by <> published_by", name="second_person"),
)

rule_drafts = Table(
    "rule_drafts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("based_on", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("drafted_by", ARRAY(Text), nullable=False, comment="Everybody who changed it, the first first."),
    Column("drafted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

recomputes = Table(
    "recomputes",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("begins_on", Date, nullable=False, comment="The first day the version is in force."),
    Column("asked_at", Instant, nullable=False),
    Column(
        "after_xid", BigInteger, comment="Transactions before this one may not have seen the version yet."
    ),
    Column("done_until", Text, nullable=False, server_default="", comment="The last ticket looked at."),
    Column("tickets", BigInteger, nullable=False, server_default="0", comment="Looked at."),
    Column("deadlines", BigInteger, nullable=False, server_default="0", comment="Looked at."),
    Column("moved", BigInteger, nullable=False, server_default="0", comment="With another due."),
    Column("kept", BigInteger, nullable=False, server_default="0", comment="Would be earlier."),
    Column("changed_tickets", BigInteger, nullable=False, server_default="0"),
    Column("began_at", Instant),
    Column("done_at", Instant),
    UniqueConstraint("kind", "version"),
    Index("ix_recomputes_open", "number", postgresql_where=text("done_at IS NULL")),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("opened_by", Uuid, nullable=False, comment="The event that opened it."),
    Column("clock", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("assignment_id", Uuid),
    Column("department", Text),
    Column("started_at", Instant, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column(
        "pauses",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="[from, to] of every pause that has ended.",
    ),
    Column(
        "extensions",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="[count, unit] of every extension granted.",
    ),
    Column("fixed", Instant, comment="A due that was set, or that a publication kept."),
    Column("paused_at", Instant, comment="Since when it stands still."),
    Column("changed_at", Instant, comment="When it was last moved: no rung is dated before."),
    Column("due_at", Instant, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("rule", Text, nullable=False),
    Column("layer", Text, nullable=False, server_default="default", comment="statute, commitment, default."),
    Column("source", Text, nullable=False, server_default="", comment="The paper its limit is from."),
    Column("versions", JSONB, nullable=False, comment="Of calendar, limits and ladder."),
    Column("schedule", JSONB, nullable=False, comment="[level, moment] of every rung, in order."),
    Column("settled_at", Instant),
    Column("settled_because", Text),
    UniqueConstraint("ticket_id", "opened_by", "clock", "stage"),
    Index(
        "ix_deadlines_counted",
        "department",
        "started_at",
        postgresql_where=text("clock = 'sign_reds'"),
    ),
    Index("ix_deadlines_open_of_ticket", "ticket_id", postgresql_where=text("settled_at IS NULL")),
    Index(
        "ix_deadlines_archive",
        "due_at",
        "id",
        postgresql_where=text("stage = 'archive' AND settled_at IS NULL"),
    ),
    Index("ix_deadlines_open", "due_at", "id", postgresql_where=text("settled_at IS NULL")),
    Index(
        "ix_deadlines_open_of_department",
        "department",
        "due_at",
        "id",
        postgresql_where=text("settled_at IS NULL"),
    ),
)

timers = Table(
    "timers",
    metadata,
    Column("deadline_id", ForeignKey("deadlines.id", ondelete="CASCADE"), primary_key=True),
    Column("next_rung", SmallInteger, nullable=False, comment="Index into the deadline's schedule."),
    Column("next_rung_at", Instant, comment="When the worker looks; null while the deadline stands still."),
    Index(
        "ix_timers_next_rung_at",
        "next_rung_at",
        "deadline_id",
        postgresql_where=text("next_rung_at IS NOT NULL"),
    ),
    comment="One for each deadline that has a rung to climb; apart from it, as every climb writes it anew.",
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("deadline_id", Uuid, nullable=False, comment="Written by who holds its timer, so it exists."),
    Column("ticket_id", Text, nullable=False, index=True, comment="That of its deadline."),
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
    Index("ix_escalations_of_department", "department", "fell_due_at", "id"),
)

audits = Table(
    "audits",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("phase", Text, nullable=False, comment="overdue, sample, assignments."),
    Column("place_at", Instant, comment="The due of the last deadline looked at."),
    Column("place_id", Uuid),
    Column("sampled_at", Instant, comment="Where the next sample goes on."),
    Column("sampled_id", Uuid),
    Column("looked_at", BigInteger, nullable=False, server_default="0"),
    Column("found", JSONB, nullable=False, server_default=text("'{}'")),
    Column("examples", JSONB, nullable=False, server_default=text("'[]'")),
    comment="Rounds of the auditor; the one without an end is under way, whoever goes on with it.",
)

"""The tables the backing services own: tickets and their history, outbox, inbox, deliveries, keys."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
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

NUMBER_BLOCK = 50
"""Ticket numbers are drawn in blocks, one round trip for fifty; a gap harms nobody."""

ticket_numbers = Sequence("ticket_numbers", metadata=metadata, increment=NUMBER_BLOCK)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hotline", Text, nullable=False),
    Column("source_number", Text),
    Column("kind", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("category", Text),
    Column("division", Text),
    Column("address", Text),
    Column("longitude", Double),
    Column("latitude", Double),
    Column("occurred_at", Instant),
    Column("follows", Text),
    Column("reopens", ForeignKey("tickets.id"), comment="The answered ticket it takes up again."),
    Column("places", JSONB, nullable=False, server_default=text("'{}'"), comment="Other places, by basis."),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("caller", JSONB, nullable=False),
    Column(
        "former_callers",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="Whom its caller was taken for before it was corrected: no text may say them either.",
    ),
    Column("matter_key", Text, comment="Category and place: tickets that share it may be one matter."),
    Column("kept_by", Text, comment="The department whose sub-centre keeps the calls of its line."),
    Column("statutory_procedure", Text, comment="That of its line."),
    Column("parent", ForeignKey("tickets.id")),
    Column("urged", Integer, nullable=False, server_default=text("0")),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("historical", Boolean, nullable=False, server_default=text("false")),
    Column("confidential", Boolean, nullable=False, server_default=text("false")),
    Column("department", Text),
    Column("assignment_id", Uuid),
    Column("department_name", Text),
    Column("department_because", Text),
    Column("return_until_at", Instant, comment="Null: its department may not return it."),
    Column(
        "co_departments",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Who handles it beside its department, and may read it.",
    ),
    Column("due_at", Instant),
    Column("due_provisional", Boolean, nullable=False, server_default=text("false")),
    Column("due_because", Text),
    Column("ended_at", Instant),
    Column("closed_as", Text, comment="What came of asking its caller, once closed."),
    UniqueConstraint("hotline", "source_number"),
    Index("ix_tickets_status_accepted_at", "status", "accepted_at", "id"),
    Index("ix_tickets_department_status_accepted_at", "department", "status", "accepted_at", "id"),
    Index("ix_tickets_accepted_at", "accepted_at", "id"),
    Index("ix_tickets_phone", text("(caller ->> 'phone')"), "accepted_at"),
    Index(
        "ix_tickets_id_number",
        text("(caller ->> 'id_number')"),
        "accepted_at",
        postgresql_where=text("(caller ->> 'id_number') IS NOT NULL"),
    ),
    Index("ix_tickets_category_accepted_at", "category", "accepted_at"),
    Index(
        "ix_tickets_matter_key", "matter_key", "accepted_at", postgresql_where=text("matter_key IS NOT NULL")
    ),
    Index("ix_tickets_parent", "parent", postgresql_where=text("parent IS NOT NULL")),
)

ticket_history = Table(
    "ticket_history",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("step", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text),
    Column("event_id", Uuid),
    Column("person", Text),
    Column("post", Text),
    Index("ix_ticket_history_at", "at", "ticket_id", "version"),
)

ticket_claims = Table(
    "ticket_claims",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("held_by", Uuid, nullable=False, comment="The key of who works on it."),
    Column("held_as", Text, nullable=False),
    Column("held_until", Instant, nullable=False),
    comment="Who works on a ticket at the desk just now; it ends by itself.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("published_at", Instant),
    Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("consumer", Text, primary_key=True),
    Column("handled_at", Instant, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("buried_at", Instant, nullable=False),
    UniqueConstraint("event_id", "consumer"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("department", Text),
    Column("person", Text, comment="Whose it is, where the key is one person's."),
    Column("post", Text),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    CheckConstraint("(role = 'department') = (department IS NOT NULL)", name="department_role"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
)

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("department", Text, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("post", Text, nullable=False, server_default=text("'A'"), comment="A, or B which stands in."),
    Column("types", ARRAY(Text), nullable=False),
    Column("filter", JSONB(none_as_null=True)),
    Column("secret", Text, nullable=False),
    Column(
        "old_secrets",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="Secrets that still sign, each with the end of that.",
    ),
    Column("rotated_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="Since the last success."),
    Column("failing_since_at", Instant),
    Column("held_until_at", Instant, comment="Nothing is posted before."),
    Column("disabled_at", Instant),
    Column("disabled_because", Text),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("endpoint_id", ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("ticket_id", Text, nullable=False, comment="What the event is of: a ticket, or a department."),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column(
        "kind", Text, nullable=False, server_default=text("'event'"), comment="event, replay, standby, test."
    ),
    Column(
        "origin_id",
        ForeignKey("webhook_deliveries.id", ondelete="SET NULL"),
        comment="Which delivery a replay or a standby repeats.",
    ),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Instant),
    Column("delivered_at", Instant),
    Column("dead_at", Instant),
    Column("last_status", Integer),
    Column("last_fault", Text),
    Index(
        "ix_webhook_deliveries_event",
        "endpoint_id",
        "event_id",
        unique=True,
        postgresql_where=text("kind <> 'replay'"),
    ),
    Index(
        "ix_webhook_deliveries_due",
        "endpoint_id",
        "next_attempt_at",
        "id",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("ix_webhook_deliveries_ticket", "endpoint_id", "ticket_id", "id"),
    Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
    Index("ix_webhook_deliveries_origin", "origin_id", postgresql_where=text("origin_id IS NOT NULL")),
    Index(
        "ix_webhook_deliveries_dead",
        "endpoint_id",
        "id",
        postgresql_where=text("dead_at IS NOT NULL"),
        postgresql_include=["dead_at"],
    ),
)

attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("status", Integer),
    Column("answer", Text, comment="Its beginning."),
    Column("fault", Text),
    Column("detail", Text),
    Column("took_ms", Integer, nullable=False),
    comment="What was sent and answered, one row an attempt; the body is the delivery's.",
)

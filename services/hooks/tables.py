"""The tables of the hooks: who may sign, what came in, and what became of each command."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from services.database import metadata
from services.tables import Instant

secrets = Table(
    "hook_secrets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("department", Text, nullable=False, index=True),
    Column("secret", Text, nullable=False),
    Column("certificate", Text, comment="What the proxy must say of the client, beside the signature."),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("ends_at", Instant, comment="From then on it signs nothing; null: it goes on."),
)

messages = Table(
    "hook_messages",
    metadata,
    Column("department", Text, primary_key=True),
    Column("id", Text, primary_key=True, comment="Its webhook-id."),
    Column("secret_id", Uuid, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("status", SmallInteger, comment="Null: it has no answer yet; sent again, it goes on."),
    Column("answer", LargeBinary),
    comment="Whatever came with a good signature, as it came.",
)

commands = Table(
    "hook_commands",
    metadata,
    Column("department", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("command", Text),
    Column("ticket_id", Text),
    Column("occurred_at", Instant),
    Column("version", Integer, comment="The version of the ticket it rests on."),
    Column("by", JSONB, comment="Who did it, and at which post."),
    Column("outcome", Text, comment="applied, refused or stale."),
    Column("code", Text),
    Column("answer", LargeBinary),
    Column("decided_at", Instant, nullable=False, index=True),
    Index("ix_hook_commands_department_decided_at", "department", "decided_at", "id"),
    Index(
        "ix_hook_commands_applied",
        "department",
        "ticket_id",
        postgresql_where=text("outcome = 'applied'"),
    ),
)

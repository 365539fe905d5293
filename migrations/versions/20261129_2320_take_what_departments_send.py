"""Secrets departments' systems sign with, whatever they send as it came, and what became of each command."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b7d1e4a90c25"
down_revision = "e80b3c5d7a14"


def upgrade() -> None:
    op.create_table(
        "hook_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column(
            "certificate", sa.Text(), comment="What the proxy must say of the client, beside the signature."
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "ends_at", sa.DateTime(timezone=True), comment="From then on it signs nothing; null: it goes on."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_secrets")),
    )
    op.create_index(op.f("ix_hook_secrets_department"), "hook_secrets", ["department"])
    op.create_table(
        "hook_messages",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False, comment="Its webhook-id."),
        sa.Column("secret_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), comment="Null: it has no answer yet; sent again, it goes on."),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("department", "id", name=op.f("pk_hook_messages")),
        comment="Whatever came with a good signature, as it came.",
    )
    op.create_index(op.f("ix_hook_messages_received_at"), "hook_messages", ["received_at"])
    op.create_table(
        "hook_commands",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("command", sa.Text()),
        sa.Column("ticket_id", sa.Text()),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), comment="The version of the ticket it rests on."),
        sa.Column("by", postgresql.JSONB(), comment="Who did it, and at which post."),
        sa.Column("outcome", sa.Text(), comment="applied, refused or stale."),
        sa.Column("code", sa.Text()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("department", "id", name=op.f("pk_hook_commands")),
    )
    op.create_index(op.f("ix_hook_commands_decided_at"), "hook_commands", ["decided_at"])
    op.create_index(
        "ix_hook_commands_applied",
        "hook_commands",
        ["department", "ticket_id"],
        postgresql_where=sa.text("outcome = 'applied'"),
    )


def downgrade() -> None:
    for table in ("hook_commands", "hook_messages", "hook_secrets"):
        op.drop_table(table)

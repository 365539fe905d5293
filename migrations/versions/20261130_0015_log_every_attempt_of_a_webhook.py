"""
Log every attempt of a webhook, and know of an endpoint whether it is well.

Deliveries say why they are there and when they were queued; those that were
there before are dated by the latest moment known of them. The index by which
due ones are found begins with the endpoint: each has its own queue.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f1a6c20e94b7"
down_revision = "d92f4b7e6a18"

ENDPOINTS, DELIVERIES, ATTEMPTS = "webhook_endpoints", "webhook_deliveries", "webhook_attempts"
OPEN = sa.text("next_attempt_at IS NOT NULL")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column(
            "post",
            sa.Text(),
            server_default=sa.text("'A'"),
            nullable=False,
            comment="A, or B which stands in.",
        ),
        sa.Column("filter", postgresql.JSONB()),
        sa.Column(
            "old_secrets",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="Secrets that still sign, each with the end of that.",
        ),
        sa.Column("rotated_at", MOMENT),
        sa.Column(
            "failures", sa.Integer(), server_default="0", nullable=False, comment="Since the last success."
        ),
        sa.Column("failing_since_at", MOMENT),
        sa.Column("held_until_at", MOMENT, comment="Nothing is posted before."),
    ):
        op.add_column(ENDPOINTS, column)
    op.alter_column(DELIVERIES, "ticket_id", comment="What the event is of: a ticket, or a department.")
    op.add_column(
        DELIVERIES,
        sa.Column(
            "kind",
            sa.Text(),
            server_default=sa.text("'event'"),
            nullable=False,
            comment="event, replay, standby, test.",
        ),
    )
    op.add_column(
        DELIVERIES,
        sa.Column("origin_id", sa.BigInteger(), comment="Which delivery a replay or a standby repeats."),
    )
    op.create_foreign_key(
        op.f("fk_webhook_deliveries_origin_id"),
        DELIVERIES,
        DELIVERIES,
        ["origin_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.add_column(DELIVERIES, sa.Column("created_at", MOMENT))
    op.execute(
        "UPDATE webhook_deliveries SET created_at = coalesce(delivered_at, dead_at, next_attempt_at, now())"
    )
    op.alter_column(DELIVERIES, "created_at", nullable=False)
    op.drop_constraint(op.f("uq_webhook_deliveries_endpoint_id_event_id"), DELIVERIES, type_="unique")
    op.drop_index("ix_webhook_deliveries_due", DELIVERIES)
    op.drop_index("ix_webhook_deliveries_open", DELIVERIES)
    op.create_index(
        "ix_webhook_deliveries_event",
        DELIVERIES,
        ["endpoint_id", "event_id"],
        unique=True,
        postgresql_where=sa.text("kind <> 'replay'"),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        DELIVERIES,
        ["endpoint_id", "next_attempt_at", "id"],
        postgresql_where=OPEN,
    )
    op.create_index("ix_webhook_deliveries_ticket", DELIVERIES, ["endpoint_id", "ticket_id", "id"])
    op.create_index("ix_webhook_deliveries_endpoint", DELIVERIES, ["endpoint_id", "id"])
    op.create_index(
        "ix_webhook_deliveries_origin",
        DELIVERIES,
        ["origin_id"],
        postgresql_where=sa.text("origin_id IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_deliveries_dead",
        DELIVERIES,
        ["endpoint_id", "id"],
        postgresql_where=sa.text("dead_at IS NOT NULL"),
        postgresql_include=["dead_at"],
    )
    op.create_table(
        ATTEMPTS,
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.Text(), comment="Its beginning."),
        sa.Column("fault", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            [f"{DELIVERIES}.id"],
            name=op.f("fk_webhook_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
        comment="What was sent and answered, one row an attempt; the body is the delivery's.",
    )


def downgrade() -> None:
    op.drop_table(ATTEMPTS)
    op.execute("DELETE FROM webhook_deliveries WHERE kind = 'replay'")
    for index in ("dead", "origin", "endpoint", "ticket", "due", "event"):
        op.drop_index(f"ix_webhook_deliveries_{index}", DELIVERIES)
    op.create_unique_constraint(
        op.f("uq_webhook_deliveries_endpoint_id_event_id"), DELIVERIES, ["endpoint_id", "event_id"]
    )
    op.create_index("ix_webhook_deliveries_due", DELIVERIES, ["next_attempt_at"], postgresql_where=OPEN)
    op.create_index(
        "ix_webhook_deliveries_open", DELIVERIES, ["endpoint_id", "ticket_id", "id"], postgresql_where=OPEN
    )
    op.alter_column(DELIVERIES, "ticket_id", comment=None)
    for name in ("created_at", "origin_id", "kind"):
        op.drop_column(DELIVERIES, name)
    for name in (
        "held_until_at",
        "failing_since_at",
        "failures",
        "rotated_at",
        "old_secrets",
        "filter",
        "post",
    ):
        op.drop_column(ENDPOINTS, name)

"""Time asked for and time that stood still: requests of departments, suspensions."""

import sqlalchemy as sa
from alembic import op

revision = "9b27d4e0c618"
down_revision = "2d8f6a1c95e3"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "time_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), comment="What the caller was told."),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "due_at", INSTANT, nullable=False, comment="When the department was to be done, as it asked."
        ),
        sa.Column("outcome", sa.Text(), comment="granted, refused, dropped; null while it waits."),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_because", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('extension', 'suspension', 'renewal')", name=op.f("ck_time_requests_kind")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name=op.f("ck_time_requests_decided")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_time_requests_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_requests")),
    )
    op.create_index(op.f("ix_time_requests_ticket_id"), "time_requests", ["ticket_id"])
    waiting = sa.text("outcome IS NULL")
    op.create_index("ix_time_requests_open", "time_requests", ["asked_at", "id"], postgresql_where=waiting)
    op.create_index(
        "uq_time_requests_open",
        "time_requests",
        ["ticket_id", sa.text("(kind = 'extension')")],
        unique=True,
        postgresql_where=waiting,
    )
    _create_suspensions()


def downgrade() -> None:
    op.drop_table("suspensions")
    op.drop_table("time_requests")


def _create_suspensions() -> None:
    op.create_table(
        "suspensions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "status_before", sa.Text(), nullable=False, comment="Where the ticket stood, and goes back to."
        ),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=False, comment="When it is resumed if nobody does before."),
        sa.Column("renewed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_because", sa.Text()),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_suspensions_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspensions")),
    )
    op.create_index(op.f("ix_suspensions_ticket_id"), "suspensions", ["ticket_id"])
    lasting = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_suspensions_open", "suspensions", ["ticket_id"], unique=True, postgresql_where=lasting
    )
    op.create_index("ix_suspensions_until", "suspensions", ["until_at", "id"], postgresql_where=lasting)

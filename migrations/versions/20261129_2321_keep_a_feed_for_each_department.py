"""A feed for each department: events to be fetched, and how far each department's numbers have come."""

import sqlalchemy as sa
from alembic import op

revision = "c2f86b13e7d0"
down_revision = "b7d1e4a90c25"


def upgrade() -> None:
    op.create_table(
        "department_feed",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "number", sa.BigInteger(), comment="Its place in the department's feed; null: nobody has read it."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_feed")),
        sa.UniqueConstraint("department", "event_id", name=op.f("uq_department_feed_department_event_id")),
    )
    op.create_index(op.f("ix_department_feed_made_at"), "department_feed", ["made_at"])
    op.create_index(
        "ix_department_feed_numbered",
        "department_feed",
        ["department", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
    )
    op.create_index(
        "ix_department_feed_unread",
        "department_feed",
        ["department", "id"],
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_table(
        "department_feed_readings",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False, comment="The number given last."),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_department_feed_readings")),
    )


def downgrade() -> None:
    op.drop_table("department_feed_readings")
    op.drop_table("department_feed")

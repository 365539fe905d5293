"""A department says once for a ticket what it lacks; what the caller supplied is kept beside it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d85c13f02e6b"
down_revision = "c94e20ab6d18"


def upgrade() -> None:
    op.create_table(
        "supplements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("told", sa.Text(), comment="What the department told the caller itself."),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_supplements_department")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_supplements_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplements")),
        sa.UniqueConstraint("ticket_id", "department", name=op.f("uq_supplements_ticket_id_department")),
        comment="What departments lacked, each told once for a ticket (一次性告知).",
    )
    waiting = sa.text("answered_at IS NULL")
    op.create_index("ix_supplements_waiting", "supplements", ["asked_at", "id"], postgresql_where=waiting)


def downgrade() -> None:
    op.drop_table("supplements")

"""How a ticket was resolved is kept: the answer of all, what came of it, and whose review a negative result had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c94e20ab6d18"
down_revision = "b3d41f7e90c2"

NEGATIVE = (
    "(reason IS NOT NULL) = ((founded AND within_duty AND solved) IS FALSE)"
    " AND (reason IS NULL OR (because IS NOT NULL AND legal_basis IS NOT NULL AND by IS NOT NULL"
    " AND reviewed_by IS NOT NULL AND by ->> 'name' <> reviewed_by ->> 'name'))"
)


def upgrade() -> None:
    op.create_table(
        "resolutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="The ticket's, when it was resolved."),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "answer",
            sa.Text(),
            nullable=False,
            comment="What the caller is told: the lead's note and the helpers'.",
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("helpers", postgresql.JSONB(), nullable=False),
        sa.Column("internal", sa.Text(), comment="For the hotline alone."),
        sa.Column("founded", sa.Boolean()),
        sa.Column("within_duty", sa.Boolean()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("attachments", postgresql.JSONB(), nullable=False),
        sa.Column("by", postgresql.JSONB(none_as_null=True)),
        sa.Column("reason", sa.Text(), comment="Of a negative outcome (否定报备)."),
        sa.Column("because", sa.Text()),
        sa.Column("legal_basis", sa.Text()),
        sa.Column("reviewed_by", postgresql.JSONB(none_as_null=True)),
        sa.CheckConstraint(NEGATIVE, name=op.f("ck_resolutions_negative")),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_resolutions_department")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_resolutions_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
        sa.UniqueConstraint("ticket_id", "version", name=op.f("uq_resolutions_ticket_id_version")),
    )
    is_negative = sa.text("reason IS NOT NULL")
    op.create_index("ix_resolutions_negative", "resolutions", ["at", "id"], postgresql_where=is_negative)
    op.create_index(
        "ix_resolutions_negative_department",
        "resolutions",
        ["department", "at", "id"],
        postgresql_where=is_negative,
    )


def downgrade() -> None:
    op.drop_table("resolutions")

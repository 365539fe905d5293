"""What shows that a department contacted a caller is kept: how, when, and the evidence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f3b81d6a40c7"
down_revision = "a7c05e93d14b"


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="The ticket's, when it was said."),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), comment="By the department's clock."),
        sa.Column("way", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("by", postgresql.JSONB(none_as_null=True)),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_contacts_department")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_contacts_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "version", name=op.f("pk_contacts")),
    )


def downgrade() -> None:
    op.drop_table("contacts")

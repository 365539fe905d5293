"""That what a caller says of an answer is without ground is claimed by one person and decided by another."""

import sqlalchemy as sa
from alembic import op

revision = "d92f4b7e6a18"
down_revision = "c6e2a1f0b953"


def upgrade() -> None:
    op.create_table(
        "unfounded_claims",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False, comment="The callback at which it was said."),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> claimed_by", name=op.f("ck_unfounded_claims_second_person")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_unfounded_claims_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "attempt", name=op.f("pk_unfounded_claims")),
        comment="That what a caller says of an answer is without ground takes two people.",
    )
    op.create_index(
        "ix_unfounded_claims_open",
        "unfounded_claims",
        ["claimed_at", "ticket_id"],
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("unfounded_claims")

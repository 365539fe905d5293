"""The auditor keeps how far it is and what it found; a rung's ticket is that of its deadline, checked once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e80b3c5d7a14"
down_revision = "e05b82d71c3f"


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("phase", sa.Text(), nullable=False, comment="overdue, sample, assignments."),
        sa.Column("place_at", sa.DateTime(timezone=True), comment="The due of the last deadline looked at."),
        sa.Column("place_id", sa.Uuid()),
        sa.Column("sampled_at", sa.DateTime(timezone=True), comment="Where the next sample goes on."),
        sa.Column("sampled_id", sa.Uuid()),
        sa.Column("looked_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("found", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("examples", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audits")),
        comment="Rounds of the auditor; the one without an end is under way, whoever goes on with it.",
    )
    op.alter_column("escalations", "ticket_id", comment="That of its deadline.")
    op.drop_constraint(op.f("fk_escalations_ticket_id"), "escalations", type_="foreignkey")


def downgrade() -> None:
    op.alter_column("escalations", "ticket_id", comment=None)
    op.create_foreign_key(op.f("fk_escalations_ticket_id"), "escalations", "tickets", ["ticket_id"], ["id"])
    op.drop_table("audits")

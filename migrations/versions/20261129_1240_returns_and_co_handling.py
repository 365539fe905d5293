"""Returns with their reasons and decisions; departments that help; who may read a ticket beside its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c4a81f6e20d7"
down_revision = "d3a5f81c6b27"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "tickets",
        sa.Column(
            "co_departments",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Who handles it beside its department, and may read it.",
        ),
    )
    op.add_column(
        "tickets",
        sa.Column("return_until_at", INSTANT, comment="Null: its department may not return it."),
    )
    op.add_column("assignments", sa.Column("return_until_at", INSTANT))
    op.add_column(
        "assignments", sa.Column("binding", sa.Text(), comment="Why nobody may return it: adjudicated, redo.")
    )
    op.add_column(
        "assignments",
        sa.Column(
            "counts_from_at", INSTANT, comment="Since when its clock counts, if not since it was made."
        ),
    )
    _create_returns()
    _create_co_handlings()


def downgrade() -> None:
    op.drop_table("co_handlings")
    op.drop_table("returns")
    op.drop_column("assignments", "counts_from_at")
    op.drop_column("assignments", "binding")
    op.drop_column("assignments", "return_until_at")
    op.drop_column("tickets", "return_until_at")
    op.drop_column("tickets", "co_departments")


def _create_returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text()),
        sa.Column("competent", sa.Text()),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column(
            "disputed",
            sa.Boolean(),
            nullable=False,
            comment="It was the one that made the ticket a dispute.",
        ),
        sa.Column(
            "outcome", sa.Text(), comment="granted, refused, adjudicated, dropped; null while it waits."
        ),
        sa.Column("improper", sa.Boolean(), nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_because", sa.Text()),
        sa.CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name=op.f("ck_returns_decided")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_returns_ticket_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_returns_assignment_id")),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_returns_department")),
        sa.ForeignKeyConstraint(["competent"], ["departments.code"], name=op.f("fk_returns_competent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index(op.f("ix_returns_ticket_id"), "returns", ["ticket_id"])
    op.create_index("ix_returns_department", "returns", ["department", "asked_at"])
    op.create_index(
        "ix_returns_open", "returns", ["asked_at", "id"], postgresql_where=sa.text("outcome IS NULL")
    )


def _create_co_handlings() -> None:
    op.create_table(
        "co_handlings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("signed_at", INSTANT),
        sa.Column("answer", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_because", sa.Text()),
        sa.CheckConstraint("kind IN ('co_handling', 'whistle')", name=op.f("ck_co_handlings_kind")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_co_handlings_ticket_id")),
        sa.ForeignKeyConstraint(
            ["department"], ["departments.code"], name=op.f("fk_co_handlings_department")
        ),
        sa.ForeignKeyConstraint(["lead"], ["departments.code"], name=op.f("fk_co_handlings_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_handlings")),
    )
    op.create_index(op.f("ix_co_handlings_ticket_id"), "co_handlings", ["ticket_id"])
    op.create_index(
        "uq_co_handlings_open",
        "co_handlings",
        ["ticket_id", "department"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_co_handlings_department", "co_handlings", ["department", "assigned_at", "id"])
    op.create_index("ix_co_handlings_lead", "co_handlings", ["lead"])

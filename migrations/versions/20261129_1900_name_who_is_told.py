"""Who is told of a rung by name, what follows from it, months that are closed, and halts of supervision."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "7b2e90c4d1a8"
down_revision = "5e1c7a94b3d0"

INSTANT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text())
JSON = postgresql.JSONB()


def upgrade() -> None:
    _create_receivers()
    _create_notices()
    _create_consequences()
    _create_halts()
    op.create_table(
        "monthly_rankings",
        sa.Column("month_on", sa.Date(), nullable=False, comment="Its first day."),
        sa.Column("evaluated_at", INSTANT, nullable=False),
        sa.Column(
            "ranking", JSON, nullable=False, comment="Every department with its counts, as they were then."
        ),
        sa.Column(
            "findings",
            JSON,
            nullable=False,
            comment="Who was among the latest, and for how many months.",
        ),
        sa.PrimaryKeyConstraint("month_on", name="pk_monthly_rankings"),
        comment="A closed month, frozen.",
    )


def downgrade() -> None:
    for table in (
        "monthly_rankings",
        "supervision_halts",
        "consequences",
        "supervision_notices",
        "receivers",
    ):
        op.drop_table(table)


def _create_receivers() -> None:
    op.create_table(
        "receivers",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "scope",
            sa.Text(),
            nullable=False,
            comment="A department, a district's six digits, desk, city or *.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="Empty: only the quiet hours are meant."),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text()),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="ck_receivers_quiet"),
        sa.PrimaryKeyConstraint("id", name="pk_receivers"),
        comment="Who is told of rungs, as what; never changed: one ends and another begins.",
    )
    op.create_index(
        "uq_receivers_in_force",
        "receivers",
        ["role", "scope"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_notices() -> None:
    name = "supervision_notices"
    op.create_table(
        name,
        sa.Column(
            "id",
            sa.Uuid(),
            nullable=False,
            comment="Of a rung the escalation's own id: one notice each.",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "ticket_id", sa.Text(), comment="Null: it is about a department or about supervision itself."
        ),
        sa.Column("department", sa.Text(), comment="Whose matter it is about."),
        sa.Column("deadline_id", sa.Uuid()),
        sa.Column("clock", sa.Text()),
        sa.Column("stage", sa.Text()),
        sa.Column("level", sa.SmallInteger()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("card", sa.Text()),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("addressee", JSON, comment="Who is told, as they were then; null when nobody was left."),
        sa.Column("cc", JSON, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("roles", TEXTS, nullable=False, comment="Everybody's who is told."),
        sa.Column("to_department", sa.Text(), comment="The department whose own people are told."),
        sa.Column(
            "missing", TEXTS, server_default=sa.text("'{}'"), nullable=False, comment="Held by nobody."
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("deliver_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False, comment="When it was last news to its reader."),
        sa.Column("acknowledged_at", INSTANT),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_updated_at", name, ["updated_at", "id"])
    op.create_index(
        f"ix_{name}_of_department",
        name,
        ["to_department", "updated_at", "id"],
        postgresql_where=sa.text("to_department IS NOT NULL"),
    )
    op.create_index(f"ix_{name}_ticket_id", name, ["ticket_id"])
    op.create_index(
        f"ix_{name}_missing", name, ["created_at", "id"], postgresql_where=sa.text("missing <> '{}'")
    )


def _create_consequences() -> None:
    op.create_table(
        "consequences",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("escalation_id", sa.Uuid(), nullable=False, comment="The notice it came with."),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text()),
        sa.Column("department", sa.Text()),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("dated_at", INSTANT, nullable=False, comment="When the rung fell due."),
        sa.Column("due_at", INSTANT),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("settled_at", INSTANT),
        sa.Column("settled_by", sa.Text()),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped', 'withdrawn')", name="ck_consequences_state"),
        sa.PrimaryKeyConstraint("id", name="pk_consequences"),
        sa.UniqueConstraint("escalation_id", "kind", name="uq_consequences_escalation_id_kind"),
    )
    op.create_index("ix_consequences_kind_dated_at", "consequences", ["kind", "dated_at", "id"])
    op.create_index(
        "ix_consequences_open",
        "consequences",
        ["dated_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_halts() -> None:
    name = "supervision_halts"
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), comment="The ticket or department; null for all."),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_key", sa.Uuid(), nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("scope IN ('ticket', 'department', 'all')", name=f"ck_{name}_scope"),
        sa.CheckConstraint("(code IS NULL) = (scope = 'all')", name=f"ck_{name}_code"),
        sa.CheckConstraint("state IN ('asked', 'running', 'refused', 'ended')", name=f"ck_{name}_state"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        comment="No switch: two persons, a reason, an end; what fell due meanwhile is climbed at the end.",
    )
    op.create_index(f"ix_{name}_running", name, ["until_at"], postgresql_where=sa.text("state = 'running'"))

"""Give departments a tree, people, promises and successors, and the triage desk claims and a memory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d3a5f81c6b27"
down_revision = "4c2b9e6f1a70"

INSTANT = sa.DateTime(timezone=True)
NEW = (
    "ticket_claims",
    "suggestion_thresholds",
    "row_proposals_decided",
    "triage_lessons",
    "department_mergers",
    "department_changes",
    "commitments",
    "duty_shifts",
    "department_absences",
    "department_posts",
)
COLUMNS = ("version", "successor", "aliases", "enterprise", "credit_code", "parent")


def upgrade() -> None:
    op.add_column("departments", sa.Column("parent", sa.Text(), nullable=True))
    op.add_column("departments", sa.Column("credit_code", sa.Text(), nullable=True))
    op.add_column(
        "departments",
        sa.Column("enterprise", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "departments",
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "departments",
        sa.Column("successor", sa.Text(), nullable=True, comment="Who has its matters after its last day."),
    )
    op.add_column(
        "departments", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    for column in ("parent", "successor"):
        op.create_foreign_key(
            op.f(f"fk_departments_{column}"), "departments", "departments", [column], ["code"]
        )
    op.execute("UPDATE departments SET level = 'city', enterprise = true WHERE level = 'enterprise'")
    _people()
    _promises()
    _desk()


def _keys(table: str, *columns: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f(f"fk_{table}_department")),
        sa.PrimaryKeyConstraint("department", *columns, name=op.f(f"pk_{table}")),
    ]


def _people() -> None:
    op.create_table(
        "department_posts",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.CheckConstraint("post IN ('A', 'B')", name=op.f("ck_department_posts_post")),
        *_keys("department_posts", "post"),
        comment="Who handles its tickets (A), and who does when A is away (B).",
    )
    op.create_table(
        "department_absences",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_department_absences_forward")),
        *_keys("department_absences", "starts_at"),
        comment="When its post A is away.",
    )
    op.create_table(
        "duty_shifts",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_duty_shifts_forward")),
        *_keys("duty_shifts", "starts_at", "name"),
    )


def _promises() -> None:
    op.create_table(
        "commitments",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False, comment="A prefix; empty is every category."),
        sa.Column("kind", sa.Text(), nullable=False, comment="Empty is every kind."),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_commitments_amount")),
        *_keys("commitments", "category", "kind", "version"),
    )
    op.create_table(
        "department_changes",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "changed",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="By field: what was, what is.",
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        *_keys("department_changes", "version"),
    )
    op.create_table(
        "department_mergers",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("merges_on", sa.Date(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column(
            "valid_to_before",
            sa.Date(),
            nullable=True,
            comment="Its last day, should the merger be taken back.",
        ),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("moved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["successor"], ["departments.code"], name=op.f("fk_department_mergers_successor")
        ),
        *_keys("department_mergers"),
    )
    op.create_index(
        "ix_department_mergers_due",
        "department_mergers",
        ["merges_on"],
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _desk() -> None:
    op.create_table(
        "ticket_claims",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=False, comment="The key of who works on it."),
        sa.Column("held_as", sa.Text(), nullable=False),
        sa.Column("held_until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_claims_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_claims")),
        comment="Who works on a ticket at the desk just now; it ends by itself.",
    )
    op.create_table(
        "triage_lessons",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="The ticket's, once it was assigned."),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("division", sa.Text(), nullable=True),
        sa.Column("caller_type", sa.Text(), nullable=False),
        sa.Column(
            "words",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Of the text, that speak for a department.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it was parked; null when it was not."),
        sa.Column("from_department", sa.Text(), nullable=True, comment="Who had it before."),
        sa.Column("to_department", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_triage_lessons_ticket_id")),
        sa.ForeignKeyConstraint(
            ["to_department"], ["departments.code"], name=op.f("fk_triage_lessons_to_department")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "version", name=op.f("pk_triage_lessons")),
    )
    op.create_index("ix_triage_lessons_category_at", "triage_lessons", ["category", "at"])
    op.create_index("ix_triage_lessons_at", "triage_lessons", ["at"])
    op.create_table(
        "row_proposals_decided",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"], ["departments.code"], name=op.f("fk_row_proposals_decided_department")
        ),
        sa.PrimaryKeyConstraint("category", "division", "department", name=op.f("pk_row_proposals_decided")),
    )
    op.create_table(
        "suggestion_thresholds",
        sa.Column("category", sa.Text(), nullable=False, comment="A prefix; empty is every category."),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "confidence > 0 AND confidence <= 1", name=op.f("ck_suggestion_thresholds_confidence")
        ),
        sa.PrimaryKeyConstraint("category", name=op.f("pk_suggestion_thresholds")),
    )


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    op.execute("UPDATE departments SET level = 'enterprise' WHERE enterprise")
    for column in COLUMNS:
        op.drop_column("departments", column)

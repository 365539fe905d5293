"""Rules are drafted, published by a second person and carried to open deadlines; limits name their layer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "7b2d9e41a5c8"
down_revision = "7b2e90c4d1a8"

INSTANT = sa.DateTime(timezone=True)
COUNTS = {
    "tickets": "Looked at.",
    "deadlines": "Looked at.",
    "moved": "With another due.",
    "kept": "Would be earlier.",
    "changed_tickets": None,
}


def upgrade() -> None:
    op.add_column(
        "rules",
        sa.Column("valid_from", sa.Date(), comment="The first day it is in force; empty: since ever."),
    )
    op.add_column("rules", sa.Column("drafted_by", sa.Text()))
    op.add_column("rules", sa.Column("published_by", sa.Text()))
    op.add_column(
        "rules",
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(), nullable=False, comment="The order of publishing."
        ),
    )
    op.create_check_constraint(
        op.f("ck_rules_second_person"), "rules", "drafted_by IS NULL OR drafted_by <> published_by"
    )
    op.add_column(
        "deadlines",
        sa.Column(
            "layer",
            sa.Text(),
            nullable=False,
            server_default="default",
            comment="statute, commitment, default.",
        ),
    )
    op.add_column(
        "deadlines",
        sa.Column(
            "source", sa.Text(), nullable=False, server_default="", comment="The paper its limit is from."
        ),
    )
    op.create_index(
        "ix_deadlines_open_of_ticket",
        "deadlines",
        ["ticket_id"],
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    _create_drafts()
    _create_recomputes()


def downgrade() -> None:
    op.drop_table("recomputes")
    op.drop_table("rule_drafts")
    op.drop_index("ix_deadlines_open_of_ticket", "deadlines")
    op.drop_column("deadlines", "source")
    op.drop_column("deadlines", "layer")
    op.drop_constraint(op.f("ck_rules_second_person"), "rules")
    for name in ("number", "published_by", "drafted_by", "valid_from"):
        op.drop_column("rules", name)


def _create_drafts() -> None:
    op.create_table(
        "rule_drafts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column(
            "drafted_by",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Everybody who changed it, the first first.",
        ),
        sa.Column("drafted_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_rule_drafts")),
    )


def _create_recomputes() -> None:
    op.create_table(
        "recomputes",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False, comment="The first day the version is in force."),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column(
            "after_xid",
            sa.BigInteger(),
            comment="Transactions before this one may not have seen the version yet.",
        ),
        sa.Column(
            "done_until", sa.Text(), nullable=False, server_default="", comment="The last ticket looked at."
        ),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)
            for name, comment in COUNTS.items()
        ),
        sa.Column("began_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_recomputes")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_recomputes_kind_version")),
    )
    op.create_index(
        "ix_recomputes_open", "recomputes", ["number"], postgresql_where=sa.text("done_at IS NULL")
    )

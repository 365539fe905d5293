"""A closed ticket says what came of asking its caller; what is to be archived is found by its own index."""

import sqlalchemy as sa
from alembic import op

revision = "b41d7c90e2f6"
down_revision = "d94a07be5c31"


def upgrade() -> None:
    op.add_column(
        "tickets",
        sa.Column(
            "closed_as",
            sa.Text(),
            comment="What came of asking its caller, once closed.",
        ),
    )
    op.create_index(
        "ix_deadlines_archive",
        "deadlines",
        ["due_at", "id"],
        postgresql_where=sa.text("stage = 'archive' AND settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deadlines_archive", table_name="deadlines")
    op.drop_column("tickets", "closed_as")

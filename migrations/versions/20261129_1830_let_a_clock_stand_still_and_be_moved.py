"""What has moved a deadline stays on its row: pauses, extensions, a due somebody set."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5e1c7a94b3d0"
down_revision = "4d0c5a7e91f2"

INSTANT = sa.DateTime(timezone=True)
COLUMNS = ("pauses", "extensions", "fixed", "paused_at", "changed_at")


def upgrade() -> None:
    op.add_column("deadlines", _list("pauses", "[from, to] of every pause that has ended."))
    op.add_column("deadlines", _list("extensions", "[count, unit] of every extension granted."))
    op.add_column("deadlines", sa.Column("fixed", INSTANT, comment="A due that was set; nothing moves it."))
    op.add_column("deadlines", sa.Column("paused_at", INSTANT, comment="Since when it stands still."))
    op.add_column(
        "deadlines",
        sa.Column("changed_at", INSTANT, comment="When it was last moved: no rung is dated before."),
    )
    op.execute("UPDATE deadlines SET fixed = due_at WHERE clock = 'co_handling' AND stage = 'completion'")


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("deadlines", name)


def _list(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'"), comment=comment
    )

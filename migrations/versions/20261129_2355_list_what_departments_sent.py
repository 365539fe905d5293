"""What a department's systems sent is listed newest first."""

from alembic import op

revision = "d94a07be5c31"
down_revision = "c2f86b13e7d0"

INDEX, TABLE = "ix_hook_commands_department_decided_at", "hook_commands"


def upgrade() -> None:
    op.create_index(INDEX, TABLE, ["department", "decided_at", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, TABLE)

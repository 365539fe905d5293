"""Find a department's red cards at signing, and when it was last found red too often."""

import sqlalchemy as sa
from alembic import op

revision = "2d8f6a1c95e3"
down_revision = "7b2d9e41a5c8"


def upgrade() -> None:
    op.create_index(
        "ix_escalations_sign_reds",
        "escalations",
        ["department", "fell_due_at"],
        postgresql_where=sa.text("stage = 'sign' AND card = 'red'"),
    )
    op.create_index(
        "ix_deadlines_counted",
        "deadlines",
        ["department", "started_at"],
        postgresql_where=sa.text("clock = 'sign_reds'"),
    )


def downgrade() -> None:
    op.drop_index("ix_deadlines_counted", "deadlines")
    op.drop_index("ix_escalations_sign_reds", "escalations")

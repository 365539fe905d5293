"""A caller who is corrected was somebody else before: no text may say that name either."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c9e4a1752b36"
down_revision = "f3b81d6a40c7"


def upgrade() -> None:
    column = sa.Column(
        "former_callers",
        postgresql.JSONB(),
        nullable=False,
        server_default=sa.text("'[]'"),
        comment="Whom its caller was taken for before it was corrected: no text may say them either.",
    )
    op.add_column("tickets", column)
    op.execute(
        "UPDATE tickets SET former_callers = said.callers FROM ("
        "SELECT ticket_id, jsonb_agg(changed -> 'caller' -> 0 ORDER BY version) AS callers"
        " FROM corrections WHERE changed ? 'caller' GROUP BY ticket_id"
        ") AS said WHERE said.ticket_id = tickets.id"
    )


def downgrade() -> None:
    op.drop_column("tickets", "former_callers")

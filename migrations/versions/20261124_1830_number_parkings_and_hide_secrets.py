"""Number parkings by their ticket's version; kept answers no longer show a webhook's secret."""

import sqlalchemy as sa
from alembic import op

revision = "b1d7c09a4e52"
down_revision = "6e96f4b5bb83"


def upgrade() -> None:
    op.add_column(
        "parkings",
        sa.Column("version", sa.Integer(), nullable=True, comment="The ticket's, when it was parked."),
    )
    op.execute(
        "UPDATE parkings SET version = ticket_history.version FROM ticket_history "
        "WHERE ticket_history.ticket_id = parkings.ticket_id AND step = 'park' AND at = parked_at"
    )
    op.alter_column("parkings", "version", nullable=False)
    op.drop_constraint(op.f("pk_parkings"), "parkings")
    op.create_primary_key(op.f("pk_parkings"), "parkings", ["ticket_id", "version"])
    op.execute(
        "UPDATE idempotency_keys "
        "SET body = convert_to((convert_from(body, 'UTF8')::jsonb || '{\"secret\": null}')::text, 'UTF8') "
        "WHERE position('\"secret\":\"whsec_' IN convert_from(body, 'UTF8')) > 0"
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM parkings AS earlier USING parkings AS later WHERE earlier.ticket_id = later.ticket_id "
        "AND earlier.parked_at = later.parked_at AND earlier.version < later.version"
    )
    op.drop_constraint(op.f("pk_parkings"), "parkings")
    op.create_primary_key(op.f("pk_parkings"), "parkings", ["ticket_id", "parked_at"])
    op.drop_column("parkings", "version")

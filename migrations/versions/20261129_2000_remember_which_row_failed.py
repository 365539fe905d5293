"""A parking keeps which row of the table could not be asked, for an alarm that all processes share."""

import sqlalchemy as sa
from alembic import op

revision = "c41e7f90b6d2"
down_revision = "9b27d4e0c618"


def upgrade() -> None:
    op.add_column(
        "parkings",
        sa.Column(
            "failed_version", sa.Text(), comment="The version of the table a row of which could not be asked."
        ),
    )
    op.add_column("parkings", sa.Column("failed_row", sa.Text()))
    op.create_check_constraint(
        op.f("ck_parkings_failed"), "parkings", "(failed_version IS NULL) = (failed_row IS NULL)"
    )
    op.create_index(
        "ix_parkings_failed", "parkings", ["parked_at"], postgresql_where=sa.text("failed_row IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_parkings_failed", "parkings")
    op.drop_constraint(op.f("ck_parkings_failed"), "parkings", type_="check")
    op.drop_column("parkings", "failed_row")
    op.drop_column("parkings", "failed_version")

"""An area says who changed it."""

import sqlalchemy as sa
from alembic import op

revision = "e05b82d71c3f"
down_revision = "c41e7f90b6d2"


def upgrade() -> None:
    op.add_column(
        "jurisdiction_areas", sa.Column("changed_by", sa.Text(), comment="Empty for one that ships.")
    )


def downgrade() -> None:
    op.drop_column("jurisdiction_areas", "changed_by")

"""A ticket keeps the statutory procedure of the line it came by."""

import sqlalchemy as sa
from alembic import op

revision = "a7c05e93d14b"
down_revision = "e1a7c4590d3f"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("statutory_procedure", sa.Text(), comment="That of its line."))


def downgrade() -> None:
    op.drop_column("tickets", "statutory_procedure")

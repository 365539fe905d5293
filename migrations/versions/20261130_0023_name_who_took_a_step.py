"""A ticket's history names the person behind a step and their post, where they are known."""

import sqlalchemy as sa
from alembic import op

revision = "e1a7c4590d3f"
down_revision = "d85c13f02e6b"


def upgrade() -> None:
    op.add_column("ticket_history", sa.Column("person", sa.Text()))
    op.add_column("ticket_history", sa.Column("post", sa.Text()))


def downgrade() -> None:
    op.drop_column("ticket_history", "post")
    op.drop_column("ticket_history", "person")

"""A key says whose it is, where it is one person's, and at which post."""

import sqlalchemy as sa
from alembic import op

revision = "b3d41f7e90c2"
down_revision = "3d9f1b6e8c25"


def upgrade() -> None:
    whose = sa.Column("person", sa.Text(), comment="Whose it is, where the key is one person's.")
    op.add_column("api_keys", whose)
    op.add_column("api_keys", sa.Column("post", sa.Text()))


def downgrade() -> None:
    op.drop_column("api_keys", "post")
    op.drop_column("api_keys", "person")

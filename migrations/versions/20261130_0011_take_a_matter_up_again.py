"""A ticket says which answered one it takes up again, and is linked to it."""

import sqlalchemy as sa
from alembic import op

revision = "c6e2a1f0b953"
down_revision = "b41d7c90e2f6"

BEFORE = "Tickets that belong together: of one call, or following an earlier one."
AFTER = "Tickets that belong together: of one call, following or reopening an earlier one."


def upgrade() -> None:
    op.add_column(
        "tickets",
        sa.Column("reopens", sa.Text(), comment="The answered ticket it takes up again."),
    )
    op.create_foreign_key(op.f("fk_tickets_reopens"), "tickets", "tickets", ["reopens"], ["id"])
    op.drop_constraint(op.f("ck_ticket_links_kind"), "ticket_links", type_="check")
    op.create_check_constraint(
        op.f("ck_ticket_links_kind"), "ticket_links", "kind IN ('same_call', 'follows', 'reopens')"
    )
    op.create_table_comment("ticket_links", AFTER, existing_comment=BEFORE)


def downgrade() -> None:
    op.execute("UPDATE ticket_links SET kind = 'follows' WHERE kind = 'reopens'")
    op.drop_constraint(op.f("ck_ticket_links_kind"), "ticket_links", type_="check")
    op.create_check_constraint(
        op.f("ck_ticket_links_kind"), "ticket_links", "kind IN ('same_call', 'follows')"
    )
    op.create_table_comment("ticket_links", BEFORE, existing_comment=AFTER)
    op.drop_constraint(op.f("fk_tickets_reopens"), "tickets", type_="foreignkey")
    op.drop_column("tickets", "reopens")

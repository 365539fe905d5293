"""
A deadline's timer is a narrow row of its own: each rung climbed writes it anew, and only it.

The deadlines, with an index for every list they are shown in, are left alone meanwhile. One unique
index finds a ticket's deadlines too. What departments are shown gets the indexes it is read by. Tickets
leave room on their pages, so that their version is counted up in place.
"""

import sqlalchemy as sa
from alembic import op

revision = "3d9f1b6e8c25"
down_revision = "f1a6c20e94b7"

INSTANT = sa.DateTime(timezone=True)
AHEAD = sa.text("next_rung_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "timers",
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column(
            "next_rung", sa.SmallInteger(), nullable=False, comment="Index into the deadline's schedule."
        ),
        sa.Column(
            "next_rung_at", INSTANT, comment="When the worker looks; null while the deadline stands still."
        ),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadlines.id"], name=op.f("fk_timers_deadline_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deadline_id", name=op.f("pk_timers")),
        comment="One for each deadline that has a rung to climb; apart from it, as every climb writes it anew.",
    )
    op.execute(
        "INSERT INTO timers SELECT id, next_rung, next_rung_at FROM deadlines WHERE next_rung IS NOT NULL"
    )
    op.create_index(
        "ix_timers_next_rung_at", "timers", ["next_rung_at", "deadline_id"], postgresql_where=AHEAD
    )
    op.drop_index("ix_deadlines_next_rung", "deadlines")
    op.drop_column("deadlines", "next_rung")
    op.drop_column("deadlines", "next_rung_at")
    op.alter_column("deadlines", "fixed", comment="A due that was set, or that a publication kept.")
    op.drop_index("ix_deadlines_ticket_id", "deadlines")
    op.drop_constraint(op.f("uq_deadlines_opened_by_clock_stage"), "deadlines")
    op.create_unique_constraint(
        op.f("uq_deadlines_ticket_id_opened_by_clock_stage"),
        "deadlines",
        ["ticket_id", "opened_by", "clock", "stage"],
    )
    op.drop_constraint(op.f("fk_escalations_deadline_id"), "escalations", type_="foreignkey")
    op.alter_column("escalations", "deadline_id", comment="Written by who holds its timer, so it exists.")
    op.drop_index("ix_escalations_sign_reds", "escalations")
    op.create_index("ix_escalations_of_department", "escalations", ["department", "fell_due_at", "id"])
    op.create_index("ix_consequences_of_department", "consequences", ["department", "dated_at", "id"])
    op.execute("ALTER TABLE tickets SET (fillfactor = 85)")


def downgrade() -> None:
    op.execute("ALTER TABLE tickets RESET (fillfactor)")
    op.drop_index("ix_consequences_of_department", "consequences")
    op.drop_index("ix_escalations_of_department", "escalations")
    op.create_index(
        "ix_escalations_sign_reds",
        "escalations",
        ["department", "fell_due_at"],
        postgresql_where=sa.text("stage = 'sign' AND card = 'red'"),
    )
    op.alter_column("escalations", "deadline_id", comment=None)
    op.create_foreign_key(
        op.f("fk_escalations_deadline_id"), "escalations", "deadlines", ["deadline_id"], ["id"]
    )
    op.drop_constraint(op.f("uq_deadlines_ticket_id_opened_by_clock_stage"), "deadlines")
    op.create_unique_constraint(
        op.f("uq_deadlines_opened_by_clock_stage"), "deadlines", ["opened_by", "clock", "stage"]
    )
    op.create_index("ix_deadlines_ticket_id", "deadlines", ["ticket_id"])
    op.alter_column("deadlines", "fixed", comment="A due that was set; nothing moves it.")
    op.add_column("deadlines", sa.Column("next_rung_at", INSTANT))
    op.add_column("deadlines", sa.Column("next_rung", sa.SmallInteger(), comment="Index into the schedule."))
    op.execute(
        "UPDATE deadlines SET next_rung = timers.next_rung, next_rung_at = timers.next_rung_at FROM timers"
        " WHERE timers.deadline_id = deadlines.id"
    )
    op.create_index("ix_deadlines_next_rung", "deadlines", ["next_rung_at", "id"], postgresql_where=AHEAD)
    op.drop_table("timers")

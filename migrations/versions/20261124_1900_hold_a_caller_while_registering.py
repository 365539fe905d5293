"""Hold a caller while a call is registered; find alike tickets of a category; name mass events by what they count."""

from alembic import op

revision = "4c2b9e6f1a70"
down_revision = "b1d7c09a4e52"

RULES = {"five_in_two_hours": "many_soon", "three_callers_in_three_days": "many_callers"}


def upgrade() -> None:
    # Each query of a volatile function sees what was committed when it began, so it looks under the locks.
    op.execute(
        """
        CREATE FUNCTION hold_callers(
            keys bigint[], phones text[], id_numbers text[], seen text[], since timestamptz, most integer
        ) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(key) FROM unnest(keys) AS key;
            IF EXISTS (
                SELECT FROM unnest(phones) AS wanted CROSS JOIN LATERAL (
                    SELECT id, confidential FROM tickets
                    WHERE caller ->> 'phone' = wanted AND accepted_at > since
                    ORDER BY accepted_at DESC LIMIT most
                ) AS found
                WHERE NOT confidential AND id <> ALL (seen)
            ) OR EXISTS (
                SELECT FROM unnest(id_numbers) AS wanted CROSS JOIN LATERAL (
                    SELECT id, confidential FROM tickets
                    WHERE caller ->> 'id_number' = wanted AND accepted_at > since
                    ORDER BY accepted_at DESC LIMIT most
                ) AS found
                WHERE NOT confidential AND id <> ALL (seen)
            ) THEN
                RAISE serialization_failure USING MESSAGE = 'a caller has called meanwhile';
            END IF;
        END $$
        """
    )
    op.drop_index("ix_tickets_located", "tickets")
    op.create_index("ix_tickets_category_accepted_at", "tickets", ["category", "accepted_at"])
    _rename(RULES)


def downgrade() -> None:
    _rename({new: old for old, new in RULES.items()})
    op.drop_index("ix_tickets_category_accepted_at", "tickets")
    op.execute(
        "CREATE INDEX ix_tickets_located ON tickets (category, accepted_at) WHERE longitude IS NOT NULL"
    )
    op.execute("DROP FUNCTION hold_callers")


def _rename(names: dict[str, str]) -> None:
    for old, new in names.items():
        op.execute(f"UPDATE mass_events SET rule = '{new}' WHERE rule = '{old}'")  # noqa: S608

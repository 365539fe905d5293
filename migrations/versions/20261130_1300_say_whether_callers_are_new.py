"""Say whether callers are new instead of failing when they are not: a statement asks before it registers."""

from alembic import op

revision = "7d1f0c6a2b58"
down_revision = "c9e4a1752b36"

TAKEN = "keys bigint[], phones text[], id_numbers text[], seen text[], since timestamptz, most integer"
HOLD = "PERFORM pg_advisory_xact_lock(key) FROM unnest(keys) AS key;"


def _has_called(wanted: str, name: str) -> str:
    return f"""
        EXISTS (
            SELECT FROM unnest({wanted}) AS wanted CROSS JOIN LATERAL (
                SELECT id, confidential FROM tickets
                WHERE caller ->> '{name}' = wanted AND accepted_at > since
                ORDER BY accepted_at DESC LIMIT most
            ) AS found
            WHERE NOT confidential AND id <> ALL (seen)
        )
    """  # noqa: S608


CALLED = f"{_has_called('phones', 'phone')} OR {_has_called('id_numbers', 'id_number')}"


def upgrade() -> None:
    op.execute("DROP FUNCTION hold_callers")
    # Each query of a volatile function sees what was committed when it began, so it looks under the locks.
    op.execute(
        f"CREATE FUNCTION hold_new_callers({TAKEN}) RETURNS boolean LANGUAGE plpgsql AS "
        f"$$ BEGIN {HOLD} RETURN NOT ({CALLED}); END $$"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hold_new_callers")
    failure = "RAISE serialization_failure USING MESSAGE = 'a caller has called meanwhile'"
    op.execute(
        f"CREATE FUNCTION hold_callers({TAKEN}) RETURNS void LANGUAGE plpgsql AS "
        f"$$ BEGIN {HOLD} IF {CALLED} THEN {failure}; END IF; END $$"
    )

"""Alembic's entry: migrates over the connection it is given, or the configured database."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

import escalation.notice_tables
import escalation.request_tables
import escalation.tables
import intake.tables
import router.department_tables
import router.tables
import router.triage_tables
import services.feed
import services.hooks.tables
import services.tables
from services.database import make_engine, metadata
from services.resources import database_url
from services.settings import Settings

LONGEST_WAIT = "30s"
"""A migration that waits for a table makes everybody behind it wait: it gives up and is tried again."""

OWNERS = (
    services.tables,
    services.feed,
    services.hooks.tables,
    intake.tables,
    router.tables,
    router.department_tables,
    router.triage_tables,
    escalation.request_tables,
    escalation.tables,
    escalation.notice_tables,
)


def run(connection: Connection) -> None:
    """Migrate over a connection."""
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True
    )
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'"))
        context.run_migrations()


async def connect_and_run() -> None:
    """Migrate the configured database; for Alembic's own command line."""
    engine = make_engine(database_url(Settings()), pool=2)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(connect_and_run())

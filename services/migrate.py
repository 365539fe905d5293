"""Bring a database to this version: tables by Alembic, then the reference data that ships."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Misconfigured
from services.database import make_engine
from services.resources import Resources

Seed = Callable[[AsyncConnection, datetime], Awaitable[None]]

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LOCK = 12345


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; with a connection, it migrates over that one."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate(url: str, seeds: Sequence[Seed], now: datetime) -> None:
    """
    Upgrade to the newest version and load what ships; safe to run twice, or by two at once.

    An advisory lock lets one run at a time; the other finds nothing left to do.
    """
    engine = make_engine(url, pool=2)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await connection.run_sync(_upgrade)
            for seed in seeds:
                await seed(connection, now)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


async def is_migrated(resources: Resources) -> None:
    """Raise `Misconfigured` unless the database is at this program's version."""
    async with resources.database.transaction() as connection:
        found = await connection.run_sync(_revision)
    wanted = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if found != wanted:
        raise Misconfigured(
            f"The database is at version {found}, this program at {wanted}: run `hotline migrate`."
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()

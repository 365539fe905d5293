"""The migrations make the tables the code declares, and take them away again."""

import asyncio
from datetime import UTC, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from intake.store import seed as intake_seed
from router.store import seed as router_seed
from services.database import make_engine, metadata
from services.migrate import alembic_config, migrate
from tests.conftest import ROLES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SEEDS = [seed for role in ROLES for seed in role.seeds]


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


def _down(connection: Connection) -> None:
    command.downgrade(alembic_config(connection), "base")


def _up(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


async def test_up_makes_what_the_code_declares_and_down_leaves_nothing(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url, pool=2)
    left = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_up)
            assert await connection.run_sync(_differences) == []
            await connection.run_sync(_down)
            assert (await connection.scalars(text(left))).all() == ["alembic_version"]
            await connection.run_sync(_up)
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


async def test_two_that_migrate_at_once_make_one_database(empty_database_url: str) -> None:
    await asyncio.gather(*(migrate(empty_database_url, SEEDS, NOW) for _ in range(2)))
    engine = make_engine(empty_database_url, pool=2)
    try:
        async with engine.connect() as connection:
            versions = await connection.scalars(text("SELECT version FROM jurisdiction_versions"))
            assert len(versions.all()) == 1
    finally:
        await engine.dispose()


async def test_reference_data_the_city_has_changed_is_left_as_it_is(database_url: str) -> None:
    engine = make_engine(database_url, pool=2)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE categories SET name = '改' WHERE code = '020100'"))
            await connection.execute(text("UPDATE departments SET name = '改' WHERE code = 'water-group'"))
            await intake_seed(connection, NOW)
            await router_seed(connection, NOW)
            names = "SELECT name FROM categories WHERE code = '020100' UNION ALL "
            names += "SELECT name FROM departments WHERE code = 'water-group'"
            assert (await connection.scalars(text(names))).all() == ["改", "改"]
    finally:
        await engine.dispose()

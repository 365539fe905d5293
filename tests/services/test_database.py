"""Which faults of the database may pass, and which are for a person."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from socket import gaierror

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import Unavailable
from services.database import TRIES, Database, LostRace, is_lost_race, is_passing, make_engine
from services.resources import driver_dsn
from services.wakeups import Wakeups
from tests.inprocess import InProcess
from tests.lingering import lingering


@pytest.mark.parametrize(
    "fault",
    [
        ConnectionResetError(),
        TimeoutError(),
        gaierror(),
        Unavailable("away"),
        ExceptionGroup("", [TimeoutError()]),
    ],
)
def test_a_lost_way_to_the_database_may_pass(fault: BaseException) -> None:
    assert is_passing(fault)


@pytest.mark.parametrize(
    "fault", [ValueError(), FileNotFoundError(), ExceptionGroup("", [TimeoutError(), ValueError()])]
)
def test_a_fault_of_ours_does_not_pass(fault: BaseException) -> None:
    assert not is_passing(fault)


def stated(state: str) -> DBAPIError:
    """A fault as the driver brings it, with this SQLSTATE."""
    kind = type("Fault", (Exception,), {"sqlstate": state})
    return DBAPIError("SELECT 1", None, kind())


@pytest.mark.parametrize("state", ["08006", "53100", "53300", "57014", "57P01", "58030", "25006", "40P01"])
def test_a_database_that_is_cut_off_full_read_only_or_busy_may_pass(state: str) -> None:
    assert is_passing(stated(state))


@pytest.mark.parametrize("state", ["23505", "22021", "42P01", "25001", "55000", "40002", "XX000", ""])
def test_a_statement_the_database_refuses_does_not_pass(state: str) -> None:
    assert not is_passing(stated(state))


@pytest.mark.parametrize(("state", "lost"), [("40001", True), ("40P01", True), ("57P01", False)])
def test_a_lost_race_is_told_from_an_absent_database(state: str, lost: bool) -> None:
    assert is_lost_race(stated(state)) is lost


async def test_work_that_loses_a_deadlock_is_done_again(hotline: InProcess) -> None:
    both_hold_one = asyncio.Barrier(2)
    attempts = []

    async def work(connection: AsyncConnection, first: int, second: int) -> int:
        attempts.append(first)
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
        if attempts.count(first) == 1:
            await both_hold_one.wait()
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({second})"))
        return first

    run = hotline.resources.database.run
    done = await asyncio.gather(
        run(lambda connection: work(connection, 1, 2)), run(lambda connection: work(connection, 2, 1))
    )
    assert list(done) == [1, 2]
    assert len(attempts) == 3


async def test_work_that_loses_every_time_says_so(hotline: InProcess) -> None:
    attempts = 0

    async def work(connection: AsyncConnection) -> None:
        nonlocal attempts
        attempts += 1
        await connection.execute(text("DO $$ BEGIN RAISE serialization_failure; END $$"))

    with pytest.raises(LostRace):
        await hotline.resources.database.run(work)
    assert attempts == TRIES


async def test_a_statement_an_operator_cancels_may_pass(hotline: InProcess) -> None:
    with pytest.raises(Unavailable):
        await hotline.rows("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)")


async def test_a_server_that_is_read_only_meanwhile_may_pass(hotline: InProcess) -> None:
    async def write() -> None:
        async with hotline.resources.database.transaction() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await connection.execute(text("CREATE TABLE nothing ()"))

    with pytest.raises(Unavailable):
        await write()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "/no/such/folder"])
async def test_a_server_that_cannot_be_reached_may_pass(host: str) -> None:
    """No name, or no socket: the embedded server takes its own away while it starts again."""
    engine = make_engine(f"postgresql+asyncpg://a:b@/x?host={host}", pool=1)
    await is_away(Database(engine, Wakeups()))


async def is_away(database: Database) -> None:
    """By either way to it, of which none is open yet."""
    try:
        for way in (database.transaction, database.statement):
            with pytest.raises(Unavailable):
                async with way():
                    pass
    finally:
        await database.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(driver_dsn(database_url))
    yield connection
    await connection.close()


async def test_a_server_that_takes_no_connection_yet_may_pass(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """It says so in an answer, as one that is starting does."""
    await desk.execute("CREATE ROLE turned_away LOGIN PASSWORD 'b' CONNECTION LIMIT 0")
    url = make_url(database_url).set(username="turned_away", password="b")
    database = Database(make_engine(url.render_as_string(hide_password=False), pool=1), Wakeups())
    try:
        await is_away(database)
    finally:
        await desk.execute("DROP ROLE turned_away")


async def test_a_server_that_has_said_that_it_ends_and_has_not_yet_may_pass(
    database_url: str, desk: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    async with lingering(database_url, tmp_path) as (url, way):
        database = Database(make_engine(url, pool=1), Wakeups())
        try:
            async with database.statement() as connection:
                await desk.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await way.goodbye()
            with pytest.raises(Unavailable):
                async with database.statement() as connection:
                    await connection.execute("SELECT 1")
        finally:
            way.ended.set()
            await database.close()


async def test_a_file_that_is_missing_in_the_middle_of_the_work_does_not_pass(hotline: InProcess) -> None:
    with pytest.raises(FileNotFoundError):
        async with hotline.resources.database.transaction():
            raise FileNotFoundError


async def test_the_connection_used_last_is_used_next(hotline: InProcess) -> None:
    """It has its plans ready; the others of the pool would have to make theirs first."""
    database = hotline.resources.database
    async with database.statement() as one, database.statement() as other:
        assert one is not other
    async with database.statement() as again:
        assert again is one
    async with database.statement() as again:
        assert again is one

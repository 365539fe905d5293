"""The database: one engine, one way to open a transaction, and what its faults mean to us."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from socket import gaierror
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import asyncpg
import pydantic_core
from sqlalchemy import MetaData, make_url
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from schemas.errors import Unavailable
from services.wakeups import Wakeups

T = TypeVar("T")

if TYPE_CHECKING:
    DriverConnection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    DriverConnection = asyncpg.Connection

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_PASSING = ("08", "53", "57", "58", "40001", "40P01", "55P03", "25006")
"""
SQLSTATEs, whole or by their class, of work that may succeed later.

A lost connection, no room (disk, memory, connections), an operator (restart,
standby, a statement that was cancelled), a fault of the machine; then a lost
race, a deadlock, a lock not to be had, a server that is read-only meanwhile.
"""
_LOST_RACES = ("40001", "40P01")
_LOST_WAYS = (
    ConnectionError,
    TimeoutError,
    gaierror,
    PoolTimeout,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # as when the server has said that it ends, and has not yet
)
_FAULTS = (*_LOST_WAYS, OSError, DBAPIError, EmulatedDBAPIException, asyncpg.PostgresError)
TRIES = 5


def to_json(value: object) -> str:
    """Return what a JSON column takes, several times faster than the standard library."""
    return pydantic_core.to_json(value).decode()


class LostRace(Unavailable):
    """Another transaction was in the way: the database is there, and the work may succeed at once."""


def make_engine(url: str, pool: int = 16) -> AsyncEngine:
    """
    Open an engine; connections are checked only when they fail, not before each use.

    Its errors do not show what was stored: it may be a caller's data, and errors are logged.
    """
    return create_async_engine(
        make_url(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=30,
        pool_use_lifo=True,  # the one used last has its plans ready; taken in turn, each makes them
        pool_reset_on_return="rollback",
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=pydantic_core.from_json,
        connect_args={"server_settings": {"application_name": "hotline", "jit": "off"}},
    )


def is_lost_race(fault: BaseException) -> bool:
    """Say whether other transactions were in the way: a deadlock, or what was read is no longer so."""
    return _state(_said(fault)) in _LOST_RACES


def is_passing(fault: BaseException) -> bool:
    """Say whether the same work may succeed when tried again: lost connection, deadlock, restart."""
    if isinstance(fault, BaseExceptionGroup):
        return all(map(is_passing, fault.exceptions))
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        return True
    said = _said(fault)
    return isinstance(said, (*_LOST_WAYS, Unavailable)) or _state(said).startswith(_PASSING)


def _said(fault: BaseException) -> BaseException:
    """Return what the driver itself said, which comes wrapped once or twice."""
    while isinstance(fault, (DBAPIError, EmulatedDBAPIException)) and fault.orig is not None:
        fault = fault.orig
    return fault


def _state(said: BaseException) -> str:
    return str(getattr(said, "sqlstate", None) or "")


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn a passing fault into `Unavailable`, a lost race into `LostRace`; leave every other as it is."""
    try:
        yield
    except _FAULTS as fault:
        if is_lost_race(fault):
            raise LostRace("Others changed the same at the same time; try again.") from fault
        if is_passing(fault):
            raise Unavailable("The database does not answer.") from fault
        raise


@contextmanager
def reached() -> Iterator[None]:
    """Turn what the system says on the way to the database into `Unavailable`: no socket, route or name."""
    try:
        yield
    except OSError as fault:
        raise Unavailable("The database does not answer.") from fault


def ring_after_commit(connection: AsyncConnection, name: str) -> None:
    """Wake the loops that wait for `name`, once this transaction has committed."""
    connection.info.setdefault("ring", set()).add(name)


async def driver_of(connection: AsyncConnection) -> DriverConnection:
    """Return the driver's own connection under this one; its statements join the transaction, now begun."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    if connection.in_transaction() and not driver.is_in_transaction():  # it begins with the first statement
        await connection.exec_driver_sql("SELECT")
    return driver  # type: ignore[no-any-return]


async def once_per_transaction(
    connection: AsyncConnection, what: Hashable, read: Callable[[], Awaitable[T]]
) -> T:
    """Read something once in a transaction, however often it is asked: rules, an endpoint list."""
    known: dict[Hashable, T] = connection.info.setdefault("known", {})
    if what not in known:
        known[what] = await read()
    return known[what]


class Database:
    """Transactions on one PostgreSQL."""

    def __init__(self, engine: AsyncEngine, wakeups: Wakeups) -> None:
        self.engine = engine
        self._wakeups = wakeups

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """
        Yield a connection inside a transaction; commit at the end, roll back on any error.

        Raises `Unavailable` when the database is away, `LostRace` when the work may be done again at once.
        """
        with told_apart():
            with reached():
                connection = await self.engine.connect()
            try:
                connection.info.pop("ring", None)
                connection.info.pop("known", None)
                connection.info.pop("acting", None)
                async with connection.begin():
                    yield connection
                names: set[str] = connection.info.pop("ring", set())
            finally:
                await asyncio.shield(connection.close())
        for name in names:
            self._wakeups.ring(name)

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return what `work` does in a transaction; it is done again, a few times, when it loses a race."""
        for _ in range(TRIES - 1):
            with suppress(LostRace):
                async with self.transaction() as connection:
                    return await work(connection)
        async with self.transaction() as connection:
            return await work(connection)

    @asynccontextmanager
    async def statement(self, *bells: str) -> AsyncIterator[DriverConnection]:
        """
        Yield the driver's own connection, outside a transaction: each statement commits by itself.

        For the few places where the time to build a statement counts; `bells`
        are rung at the end. Raises `Unavailable` like `transaction`.
        """
        with told_apart():
            with reached():
                pooled = await self.engine.raw_connection()  # a third of what one of the engine costs
            driver: DriverConnection = pooled.driver_connection  # type: ignore[assignment]
            try:
                yield driver
            finally:
                if driver.is_closed():  # the pool has not seen it break
                    await greenlet_spawn(pooled.invalidate)
                await greenlet_spawn(pooled.close)
        for name in bells:
            self._wakeups.ring(name)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

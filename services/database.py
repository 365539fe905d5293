"""The database: one engine, one way to open a transaction, and what its faults mean to us."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from socket import gaierror
from typing import TypeVar

from sqlalchemy import MetaData, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schemas.errors import Unavailable
from services.wakeups import Wakeups

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_PASSING = ("40001", "40P01", "57P01", "57P02", "57P03", "53300", "55P03")
_to_json = partial(json.dumps, ensure_ascii=False)


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
        pool_reset_on_return="rollback",
        hide_parameters=True,
        json_serializer=_to_json,
        connect_args={"server_settings": {"application_name": "hotline", "jit": "off"}},
    )


def is_passing(fault: BaseException) -> bool:
    """Say whether the same work may succeed when tried again: lost connection, deadlock, restart."""
    if isinstance(fault, BaseExceptionGroup):
        return all(map(is_passing, fault.exceptions))
    if isinstance(fault, DBAPIError):
        state = str(getattr(fault.orig, "sqlstate", None) or "")
        closed = isinstance(fault, InterfaceError) and not state
        return fault.connection_invalidated or closed or state.startswith("08") or state in _PASSING
    return isinstance(fault, (ConnectionError, TimeoutError, gaierror, PoolTimeout, Unavailable))


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn a passing fault of the database into `Unavailable`; leave every other as it is."""
    try:
        yield
    except (DBAPIError, OSError, PoolTimeout) as fault:
        if is_passing(fault):
            raise Unavailable("The database does not answer.") from fault
        raise


def ring_after_commit(connection: AsyncConnection, name: str) -> None:
    """Wake the loops that wait for `name`, once this transaction has committed."""
    connection.info.setdefault("ring", set()).add(name)


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

        Raises `Unavailable` when the database is away or the work lost a race it may repeat.
        """
        with told_apart():
            async with self.engine.connect() as connection:
                connection.info.pop("ring", None)
                connection.info.pop("known", None)
                async with connection.begin():
                    yield connection
                names: set[str] = connection.info.pop("ring", set())
        for name in names:
            self._wakeups.ring(name)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

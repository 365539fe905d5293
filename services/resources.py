"""What a process holds open, for HTTP, bus and command line alike."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar, cast

from services.clock import Clock, RehearsalClock, SystemClock
from services.database import Database, make_engine
from services.settings import Settings
from services.wakeups import Wakeups


class Part(Protocol):
    """Something a package keeps once per process; built from the resources."""

    def __init__(self, resources: "Resources") -> None: ...


P = TypeVar("P", bound=Part)


class Resources:
    """Settings, clock, database and bells of one process."""

    def __init__(self, settings: Settings, clock: Clock, database: Database, wakeups: Wakeups) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.wakeups = wakeups
        self._parts: dict[type[Part], Part] = {}

    def part(self, kind: type[P]) -> P:
        """Return this process's one `kind`, built at its first use."""
        if kind not in self._parts:
            self._parts[kind] = kind(self)
        return cast(P, self._parts[kind])


def database_url(settings: Settings) -> str:
    """Return where the database is; the embedded one sets it before anything opens it."""
    if settings.database_url is None:
        raise LookupError("No database: set HOTLINE_DATABASE_URL.")
    return settings.database_url.get_secret_value()


def driver_dsn(url: str) -> str:
    """Return the same address for the driver alone, which has its own word for how to encrypt."""
    base, mark, query = url.replace("postgresql+asyncpg://", "postgresql://", 1).partition("?")
    return base + mark + re.sub(r"(^|&)ssl=", r"\1sslmode=", query)


def make_clock(settings: Settings) -> Clock:
    """Return the machine's clock, or the rehearsal's when a file for it is set."""
    return RehearsalClock(settings.rehearsal_clock) if settings.rehearsal_clock else SystemClock()


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Yield the resources of a process and close them at the end."""
    url = database_url(settings)
    wakeups = Wakeups(driver_dsn(url))
    database = Database(make_engine(url, settings.database_pool), wakeups)
    try:
        yield Resources(settings, make_clock(settings), database, wakeups)
    finally:
        await database.close()

"""Bells between loops and processes: ring after a commit, and whoever waits looks at once."""

import asyncio
from collections import defaultdict
from contextlib import suppress

import asyncpg

CHANNEL = "hotline_wakeups"
COALESCE_SECONDS = 0.005
REST_SECONDS = 0.02
"""Between two notes to the others: each costs them and us a wakeup, and the server a commit."""
RECONNECT_SECONDS = 1.0
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
DEPARTMENTS = "departments_changed"
"""Rung when there is a new department."""


class Wakeups:
    """
    Named bells. A lost ring costs at most the poll interval of the loop that waits.

    Rings of this process are heard at once; those of other processes come by
    NOTIFY, sent by one task that gathers what was rung meanwhile: a NOTIFY in
    every transaction would halve the commits.
    """

    def __init__(self, dsn: str | None = None) -> None:
        self._dsn = dsn
        self._bells: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._rung: set[str] = set()
        self._something = asyncio.Event()

    def bell(self, name: str) -> asyncio.Event:
        """Return the event that is set when `name` rings; the waiter clears it."""
        return self._bells[name]

    def ring(self, name: str) -> None:
        """Wake who waits for `name`, here and in every other process."""
        self._bells[name].set()
        self._rung.add(name)
        self._something.set()

    async def run(self) -> None:
        """Carry rings between processes, for ever; a lost connection is opened again."""
        while True:
            with suppress(*LOST):
                await self._carry()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _carry(self) -> None:
        # A NOTIFY is a commit: waiting for the disk, it would keep the commits of others waiting too.
        connection = await asyncpg.connect(self._dsn, server_settings={"synchronous_commit": "off"})
        connection.add_termination_listener(lambda _: self._something.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            for bell in self._bells.values():  # what rang while nobody listened is not known
                bell.set()
            while True:
                await self._something.wait()
                await asyncio.sleep(COALESCE_SECONDS)
                if connection.is_closed():  # what was rung meanwhile is told by the next connection
                    return
                self._something.clear()
                names, self._rung = self._rung, set()
                if names:
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, ",".join(names))
                    await asyncio.sleep(REST_SECONDS)
        finally:
            connection.terminate()  # not close(): what it raises would hide a cancellation

    def _heard(self, _connection: object, _pid: int, _channel: str, names: object) -> None:
        for name in str(names).split(","):
            self._bells[name].set()

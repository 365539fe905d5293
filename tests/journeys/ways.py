"""The two ways to run the service: `up` alone, or the compose file's services over Kafka and PostgreSQL."""

import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg

from services.clock import RehearsalClock
from services.postgres import EmbeddedPostgres, running_url
from services.resources import driver_dsn
from tests.compose import compose_health, compose_service
from tests.journeys.processes import Process, make_key, run, start
from tests.kafka.broker import KafkaBroker, free_ports

FACES = ("intake", "router", "escalation")
HEALTHY_SECONDS = 180
LOOK_EVERY = 0.1

Told = tuple[list[str], dict[str, str]]
"""A command's arguments and its environment."""


class Way(ABC):
    """A service under way: its processes by name, where its faces are, its clock, its database."""

    def __init__(self, work: Path) -> None:
        self.faces: dict[str, str] = {}
        self._work = work
        self._running: dict[str, Process] = {}

    @property
    @abstractmethod
    def clock(self) -> RehearsalClock:
        """The clock all its processes follow."""

    @property
    @abstractmethod
    def database(self) -> str:
        """The database's address, for the driver alone."""

    @abstractmethod
    def process_of(self, face: str) -> str:
        """The name of the process that has this face."""

    @abstractmethod
    def told(self, name: str) -> Told:
        """What the process of this name is started with."""

    @abstractmethod
    def run(self, *arguments: str) -> str:
        """Run another command beside it, and return what it printed."""

    async def open(self) -> None:
        """Start everything."""
        for face in FACES:
            self.start(face)

    def start(self, face: str) -> None:
        """Start the process with this face, unless it runs; return once its health check passes."""
        name = self.process_of(face)
        if name in self._running:
            return
        arguments, environment = self.told(name)
        process = start(arguments, environment, self._work / f"{name}.log")
        self._running[name] = process
        self.faces.update({each: process.url for each in FACES if self.process_of(each) == name})
        wait_until_healthy(process)

    def kill(self, face: str) -> None:
        """Kill the process with this face, as a power cut would."""
        self._running.pop(self.process_of(face)).kill()

    def close(self) -> None:
        """Stop what runs; every process must end well."""
        ended = {name: process.stop() for name, process in self._running.items()}
        self._running.clear()
        assert set(ended.values()) <= {0}, ended

    def make_key(self, who: str) -> str:
        """Make a key of a role, or of a department, as an operator does."""
        return make_key(who, self.run)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Rows of the database, to see what is really there."""
        connection = await asyncpg.connect(self.database)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()


class Embedded(Way):
    """Everything in one process, by `hotline up --rehearsal`."""

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        self._data = work / "var"
        self._data.mkdir()

    @property
    def clock(self) -> RehearsalClock:
        return RehearsalClock(self._data / "clock.json")

    @property
    def database(self) -> str:
        url = running_url(self._data)
        assert url is not None
        return driver_dsn(url)

    def told(self, name: str) -> Told:
        return [name, "--rehearsal", "--data", str(self._data), "--port", "0"], {}

    def process_of(self, face: str) -> str:
        return "up"

    def run(self, *arguments: str) -> str:
        return run([*arguments, "--data", str(self._data)])


class Distributed(Way):
    """
    The compose file's services on this machine: each its command and environment, nothing else.

    `postgres` and `kafka` are played by servers of ours on loopback ports, and one variable is
    added: where the rehearsal's clock is.
    """

    def __init__(self, work: Path, broker: KafkaBroker) -> None:
        super().__init__(work)
        (port,) = free_ports(1)
        self._postgres = EmbeddedPostgres(work / "postgres", port=port)
        self._clock = work / "clock.json"
        self._places = {
            "postgres:5432": f"127.0.0.1:{port}",
            "kafka:9092": broker.servers,
            "0.0.0.0": "127.0.0.1",
            "8000": "0",
        }
        self._password = ""

    @property
    def clock(self) -> RehearsalClock:
        return RehearsalClock(self._clock)

    @property
    def database(self) -> str:
        _, environment = self.told("migrate")
        return driver_dsn(environment["HOTLINE_DATABASE_URL"])

    async def open(self) -> None:
        """Start the database server, make the database, migrate it, start the roles."""
        self._postgres.start()
        socket = driver_dsn(self._postgres.url)
        self._password = quote(urlsplit(socket).password or "", safe="")
        await _execute(socket, "CREATE DATABASE hotline")
        arguments, environment = self.told("migrate")
        run(arguments, environment)
        await super().open()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._postgres.stop()

    def told(self, name: str) -> Told:
        variables = {
            "HOTLINE_DB_PASSWORD": self._password,
            "HOTLINE_API_KEY_PEPPER": "a pepper of the tests",
            "HOTLINE_WEBHOOKS__ALLOW_HOSTS": "127.0.0.1",
        }
        arguments, environment = compose_service(name, self._places, variables)
        return arguments, {**environment, "HOTLINE_REHEARSAL_CLOCK": str(self._clock)}

    def process_of(self, face: str) -> str:
        return face

    def run(self, *arguments: str) -> str:
        _, environment = self.told("intake")
        return run(arguments, environment)


def wait_until_healthy(process: Process) -> None:
    """Ask by the compose file's health check until it says yes; raises with the log otherwise."""
    port = str(urlsplit(process.url).port)
    _, *arguments = compose_health("intake", {"8000": port})
    limit = time.monotonic() + HEALTHY_SECONDS
    while subprocess.run([sys.executable, *arguments], capture_output=True, timeout=60).returncode != 0:
        if process.child.poll() is not None or time.monotonic() > limit:
            raise AssertionError(f"It does not become healthy:\n{process.log.read_text()[-3000:]}")
        time.sleep(LOOK_EVERY)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

"""A real PostgreSQL for every test: one server, a fresh copy of a migrated database each time."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from escalation.role import escalation
from intake.role import intake
from router.role import router
from services.migrate import migrate
from services.postgres import EmbeddedPostgres
from services.resources import driver_dsn
from tests.inprocess import InProcess

pytest_plugins = ["tests.kafka.fixtures"]

ROLES = (intake, router, escalation)
TEMPLATE = "template_hotline"
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Haikou, a working day

TESTS = Path(__file__).parent
START_PROCESSES = (
    "journeys/",
    "services/bus/",
    "kafka/",
    "faults/",
    "services/postgres/",
    "test_docs",
    "test_boot",
    "test_bench",
    "test_architecture",
)
SHARE_SERVERS = ("journeys/", "services/bus/", "kafka/")
"""Folders whose files run in one process: each would start the broker and the whole service anew."""

IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
"""Bytes that two servers and their databases do not fill."""

_numbers = count(1)

hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes proves nothing
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests start processes: at the end no core is left with one of them."""
    items.sort(key=lambda item: _place(item.path.relative_to(TESTS).as_posix()))


def _place(path: str) -> int:
    slow = (at for at, each in enumerate(START_PROCESSES) if path.startswith(each))
    return next(slow, len(START_PROCESSES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Where files are dealt out to processes, those that share servers go together."""
    return _ByServersAndFiles(config, log) if config.getvalue("dist") == "loadfile" else None


class _ByServersAndFiles(LoadFileScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shared = any(file.startswith(f"{TESTS.name}/{each}") for each in SHARE_SERVERS)
        return "those that share servers" if shared else file


def pytest_collection_finish() -> None:
    """What is there now stays, and need not be looked through for garbage five thousand times."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """
    A server for this process, in memory where there is room.

    A disk's file system looks long for free places where thousands of files are made and removed.
    """
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM
    place = IN_MEMORY if roomy else tmp_path_factory.mktemp("postgres")
    with (
        tempfile.TemporaryDirectory(prefix="hotline-test-", dir=place) as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        yield server


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """A database with every table and all reference data, to be copied."""
    await _create(postgres.url, TEMPLATE)
    url = _sibling(postgres.url, TEMPLATE)
    await migrate(url, [seed for role in ROLES for seed in role.seeds], MONDAY)
    return url


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _create(postgres.url, name, template=TEMPLATE)
    yield _sibling(postgres.url, name)
    await _execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    await _create(postgres.url, name)
    yield _sibling(postgres.url, name)
    await _execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def hotline(database_url: str, tmp_path: Path) -> AsyncIterator[InProcess]:
    """The whole service in this process, its time stopped, its bus drained by hand."""
    async with InProcess.opened(database_url, ROLES, MONDAY) as service:
        yield service


async def _create(url: str, name: str, template: str = "template0") -> None:
    await _execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(driver_dsn(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _sibling(url: str, name: str) -> str:
    path = urlsplit(url).path
    return url.replace(path, f"/{name}", 1) if path else url

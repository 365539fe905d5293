"""The PostgreSQL that comes along, killed in every way there is."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from schemas.errors import Misconfigured
from services.postgres import DataInUse, EmbeddedPostgres, running_url, supervisor
from services.postgres.account import NOBODY
from services.resources import driver_dsn
from tests.journeys.processes import ROOT
from tests.kafka.broker import free_ports

BOUND = 60

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")


def server(data: Path, port: int | None = None, *, durable: bool = False) -> EmbeddedPostgres:
    return EmbeddedPostgres(data, port=port, durable=durable)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a database has been made, and something stored in it."""
    folder = tmp_path_factory.mktemp("made")
    with server(folder) as postgres:
        asyncio.run(_store(postgres.url))
    return folder


async def _store(url: str) -> None:
    async with connected(url) as connection:
        await connection.execute("CREATE TABLE kept (word text)")
        await connection.execute("INSERT INTO kept VALUES ('海口')")


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of that folder."""
    copy = tmp_path / "var"
    shutil.copytree(made, copy)
    for here, there in zip(sorted(made.rglob("*")), sorted(copy.rglob("*")), strict=True):
        os.chown(there, here.stat().st_uid, here.stat().st_gid)
    yield copy
    assert running_url(copy) is None


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(driver_dsn(url))
    try:
        yield connection
    finally:
        with suppress(OSError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


async def kept(url: str) -> list[str]:
    async with connected(url) as connection:
        return [row[0] for row in await connection.fetch("SELECT word FROM kept")]


def server_pid(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def uid_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def runs(pid: int) -> bool:
    """Say whether a process runs; a zombie nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def folders(data: Path) -> set[str]:
    return {each.name for each in data.iterdir() if each.is_dir()}


def move(data: Path, to: Path) -> Path:
    to.parent.mkdir(mode=0o700)
    return data.rename(to)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_a_database_survives_a_restart_and_is_found_only_while_it_runs(data: Path) -> None:
    assert running_url(data) is None
    for _ in range(2):
        with server(data) as postgres:
            assert running_url(data) == postgres.url
            assert await kept(postgres.url) == ["海口"]


async def test_nobody_else_may_read_the_data_the_socket_or_the_password(data: Path) -> None:
    with server(data) as postgres:
        assert mode(data / "postgres") == 0o700
        assert mode(data / "sockets") == 0o700
        assert mode(data / "postgres.password") == 0o600
        wrong = driver_dsn(postgres.url).replace(urlsplit(postgres.url).password or "", "guessed")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)


def test_a_second_start_on_the_same_data_is_refused_and_names_the_first(data: Path) -> None:
    with server(data) as first:
        with pytest.raises(DataInUse, match=rf"process {os.getpid()}\) already runs on {data}"):
            server(data).start()
        assert running_url(data) == first.url


async def test_a_server_that_is_killed_is_started_again_with_what_was_committed(data: Path) -> None:
    with server(data, durable=True) as postgres:
        keeper = asyncio.create_task(postgres.keep())
        async with connected(postgres.url) as connection:
            await connection.execute("INSERT INTO kept VALUES ('committed')")
            killed = server_pid(data)
            os.kill(killed, signal.SIGKILL)
            async with asyncio.timeout(BOUND):
                while running_url(data) is None or server_pid(data) == killed:
                    await asyncio.sleep(0.05)
        assert await kept(postgres.url) == ["海口", "committed"]
        keeper.cancel()


OWNER = """
import sys
from pathlib import Path
from services.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def owned_by_another(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """A server that another process started."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        try:
            assert owner.stdout.readline().startswith("postgresql")
            yield owner
        finally:
            owner.kill()
            owner.wait(BOUND)


async def test_a_killed_owner_leaves_no_server_behind_and_the_next_start_finds_all(data: Path) -> None:
    with owned_by_another(data) as owner:
        with pytest.raises(DataInUse, match=f"process {owner.pid}"):
            server(data).start()
        left = server_pid(data)
        url = running_url(data)
        assert url is not None
        async with connected(url) as connection:
            await connection.execute("INSERT INTO kept VALUES ('committed')")
            owner.kill()
            owner.wait(BOUND)
            with server(data) as postgres:
                assert server_pid(data) != left
                assert await kept(postgres.url) == ["海口", "committed"]
    assert not runs(left)


async def test_owner_and_server_killed_together_lose_nothing_committed(data: Path) -> None:
    with owned_by_another(data) as owner:
        url = running_url(data)
        assert url is not None
        async with connected(url) as connection:
            await connection.execute("INSERT INTO kept VALUES ('committed')")
            os.kill(owner.pid, signal.SIGSTOP)
            os.kill(server_pid(data), signal.SIGKILL)
            owner.kill()
    with server(data) as postgres:
        assert await kept(postgres.url) == ["海口", "committed"]


async def test_no_server_starts_beside_a_process_a_killed_one_left_at_work(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server(data)
    first.start()
    async with connected(first.url) as connection:
        worker = await connection.fetchval("SELECT pg_backend_pid()")
        busy = asyncio.create_task(connection.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
        await asyncio.sleep(0)
        await _until_busy(worker)
        os.kill(server_pid(data), signal.SIGKILL)
        first.stop()
        monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
        with pytest.raises(DataInUse, match="still has"):
            server(data).start()
        os.kill(worker, signal.SIGKILL)
        with suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
            await busy
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 20.0)
    with server(data) as postgres:
        assert await kept(postgres.url) == ["海口"]


async def _until_busy(pid: int) -> None:
    """Return once a process has used up a tenth of a second of a processor, for it never waits."""

    def used() -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])

    start = used()
    async with asyncio.timeout(BOUND):
        while used() < start + 10:
            await asyncio.sleep(0.01)


def test_a_pid_file_whose_number_is_a_strangers_now_keeps_no_server_from_starting(data: Path) -> None:
    file = data / "postgres" / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{data}/postgres\n1795456830\n5432\n{data}/sockets\n\n 1 1\n")
    os.chown(file, (data / "postgres").stat().st_uid, -1)
    with server(data):
        assert server_pid(data) != os.getpid()


COMES_AND_GOES = """
import os, sys
while True:
    with open(sys.argv[1], "w") as file:
        file.write("4194305\\n")
    os.unlink(sys.argv[1])
"""


def test_a_pid_file_may_be_taken_away_at_any_moment(data: Path) -> None:
    """As by a server whose owner was killed: it ends while the next one looks at what it left."""
    file = data / "postgres" / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", COMES_AND_GOES, str(file)]) as other:
        try:
            for _ in range(1_000):
                server(data)._wait_for_predecessor()
        finally:
            other.kill()


async def test_a_first_start_that_was_killed_halfway_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new-killed"
    half.mkdir(mode=0o700)
    (half / "PG_VERSION").write_text("18")
    with server(tmp_path) as postgres:
        async with connected(postgres.url) as connection:
            assert await connection.fetchval("SELECT 1") == 1
    assert folders(tmp_path) == {"postgres", "sockets"}


def test_a_folder_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(Misconfigured, match=r"was made by PostgreSQL 9\.6"):
        server(tmp_path).start()
    assert [each.name for each in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_where_there_is_no_postgresql_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGBIN", str(tmp_path))
    with pytest.raises(Misconfigured, match=r"PGBIN names .* but there is no postgres"):
        server(tmp_path / "var").start()
    monkeypatch.undo()
    assert running_url(tmp_path / "var") is None


async def test_chinese_text_is_found_by_its_trigrams_and_sorted_the_same_everywhere(data: Path) -> None:
    with server(data) as postgres:
        async with connected(postgres.url) as connection:
            await connection.execute("CREATE EXTENSION pg_trgm")
            alike = "SELECT similarity('龙华区国兴大道路灯不亮', $1)"
            near = await connection.fetchval(alike, "国兴大道路灯不亮了")
            assert near > 0.3
            assert await connection.fetchval(alike, "美兰机场噪声扰民") == 0
            words = await connection.fetch("SELECT x FROM unnest(ARRAY['一','B','中','a']) x ORDER BY x")
            assert [row[0] for row in words] == ["B", "a", "一", "中"]
            assert await connection.fetchval("SHOW server_encoding") == "UTF8"
            assert await connection.fetchval("SHOW timezone") == "UTC"


async def test_a_port_is_opened_on_loopback_only_when_it_is_asked_for(data: Path) -> None:
    (port,) = free_ports(1)
    with server(data, port) as postgres:
        password = urlsplit(postgres.url).password
        assert await kept(f"postgresql://hotline:{password}@127.0.0.1:{port}/postgres") == ["海口"]
        assert await kept(postgres.url) == ["海口"]
        async with connected(postgres.url) as connection:
            assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    with server(data) as postgres:
        async with connected(postgres.url) as connection:
            assert await connection.fetchval("SHOW listen_addresses") == ""


async def test_a_socket_left_by_a_server_on_another_port_misleads_nobody(data: Path) -> None:
    (data / "sockets").mkdir(mode=0o700, exist_ok=True)
    (data / "sockets" / ".s.PGSQL.1111").touch()
    with server(data) as postgres:
        assert running_url(data) == postgres.url
        assert await kept(postgres.url) == ["海口"]


async def test_a_data_folder_deep_down_works_too(data: Path, tmp_path: Path) -> None:
    deep = move(data, tmp_path / ("深" * 30) / "var")
    with server(deep) as postgres:
        assert await kept(postgres.url) == ["海口"]


@as_root
def test_as_root_the_server_runs_as_nobody_where_nobody_can_reach_the_data() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "var"
        Path(folder).chmod(0o755)
        with server(data):
            assert uid_of(server_pid(data)) == NOBODY
            assert (data / "postgres").stat().st_uid == NOBODY
        with server(data):
            pass


@as_root
async def test_as_root_below_a_closed_folder_the_server_is_shown_as_nobody(
    data: Path, tmp_path: Path
) -> None:
    closed = move(data, tmp_path / "closed" / "var")
    with server(closed) as postgres:
        assert identities_of(server_pid(closed)) == [str(NOBODY), "0", "1"]
        assert await kept(postgres.url) == ["海口"]


def identities_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/uid_map").read_text().split()

"""Starts PostgreSQL as a child on one data folder, and takes it down again."""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import structlog

from schemas.errors import Misconfigured
from services.postgres.account import Enter, enter_account
from services.postgres.binaries import find_binaries

NAME = "hotline"
LONGEST_SOCKET_PATH = 90
RECOVERY_SECONDS = 120.0
STOP_SECONDS = 60.0
WATCH_SECONDS = 0.5
LOOK_EVERY = 0.02
UNFINISHED = "postgres.new-"
SHARED_MEMORY_LINE = 7

log = structlog.get_logger()


class DataInUse(Misconfigured):
    """Another process serves this data folder."""

    code = "data_in_use"


class EmbeddedPostgres:
    """
    A PostgreSQL of our own under a data folder, as a context manager.

    Start it from the main thread: the kernel takes the child down when the
    thread that started it ends, so that a kill -9 of this process leaves no
    server behind. `keep` starts it again when it ends by itself. `port` also
    opens a TCP port on loopback; `durable=False` trades the disk's safety for
    speed, for tests.
    """

    def __init__(self, data: Path, *, port: int | None = None, durable: bool = True) -> None:
        self._data = data.resolve()
        self._folder = self._data / "postgres"
        self._port = port
        self._durable = durable
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The database's address for SQLAlchemy."""
        return _url(self._data, self._port or 5432)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """
        Start the server, making the database at first use; return once it answers.

        Raises `DataInUse` when another process serves the folder, and
        `Misconfigured` when the server cannot be started there.
        """
        self._lock = _hold(self._data)
        try:
            binaries = find_binaries()
            if not self._folder.exists():
                self._create(binaries)
            self._refuse_other_version(binaries)
            self._run(binaries)
        except BaseException:
            self.stop()
            raise

    async def keep(self, *_: object) -> None:
        """
        Loop: start the server again whenever it has ended by itself.

        Meanwhile everything else in this process stands still, for it could do
        nothing. Raises `Misconfigured` when the server does not come back.
        """
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._child is not None and self._child.poll() is not None:
                log.error("postgres_ended", exit_code=self._child.returncode)
                self._run(find_binaries())
                log.warning("postgres_started_again")

    def stop(self) -> None:
        """Shut the server down cleanly, if it runs, and let go of the folder."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGQUIT)
                child.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _create(self, binaries: Path) -> None:
        """Make the database aside and move it in place when it is whole: a kill leaves no half."""
        for leftover in self._data.glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._data))
        enter = enter_account(draft, binaries)
        owner = draft.stat()
        password = self._data / "postgres.password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        os.chown(password, owner.st_uid, owner.st_gid)
        done = subprocess.run(
            [
                str(binaries / "initdb"), "-D", str(draft), "-U", NAME,
                "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8",
                *_locale(binaries), *([] if self._durable else ["--no-sync"]),
            ],
            preexec_fn=enter,
            cwd="/",
            capture_output=True,
            text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise Misconfigured(f"initdb failed in {draft}: {done.stderr.strip()[-500:]}")
        draft.rename(self._folder)

    def _run(self, binaries: Path) -> None:
        """Start the server on its data and return once it answers."""
        enter = enter_account(self._folder, binaries)
        self._wait_for_predecessor()
        self._child = self._spawn(binaries, enter)
        self._wait_until_it_answers()

    def _refuse_other_version(self, binaries: Path) -> None:
        made_by = (self._folder / "PG_VERSION").read_text().strip()
        if made_by != (ours := _version(binaries)):
            raise Misconfigured(
                f"{self._folder} was made by PostgreSQL {made_by}, this is {ours}. "
                f"Dump it with the old version and restore it with this one, or set PGBIN."
            )

    def _spawn(self, binaries: Path, enter: Enter) -> subprocess.Popen[bytes]:
        sockets = _socket_folder(self._data)
        sockets.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            owner = self._folder.stat()
            os.chown(sockets, owner.st_uid, owner.st_gid)
        settings = {
            "unix_socket_directories": str(sockets),
            "listen_addresses": "127.0.0.1" if self._port else "",
            "port": str(self._port or 5432),
            "max_connections": "100",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self._durable else {"fsync": "off", "synchronous_commit": "off"}),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._data / "postgres.log").open("ab") as log:
            return subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(self._folder), *options],
                preexec_fn=enter,
                start_new_session=True,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _wait_for_predecessor(self) -> None:
        """
        Let a server whose supervisor was killed finish, and the processes of one that was killed.

        Its pid file stays, for by it PostgreSQL sees who else has the data
        open, unless its pid belongs to a stranger or a zombie by now, which
        PostgreSQL would take for a server; so for the sockets, which are ours alone.
        """
        file = self._folder / "postmaster.pid"
        end = time.monotonic() + STOP_SECONDS
        while _is_used(said := _text_of(file), self._folder):
            if time.monotonic() > end:
                raise DataInUse(f"Another PostgreSQL still has {self._folder} open.")
            time.sleep(LOOK_EVERY)
        if _process_of(said).exists():
            file.unlink(missing_ok=True)
        for left in _socket_folder(self._data).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + RECOVERY_SECONDS
        while not _answers(_socket(self._data, self._port or 5432)):
            if self._child is None or self._child.poll() is not None or time.monotonic() > end:
                tail = (self._data / "postgres.log").read_text(errors="replace")[-800:]
                raise Misconfigured(f"PostgreSQL does not start on {self._folder}:\n{tail}")
            time.sleep(LOOK_EVERY)


def refuse_second(data: Path) -> None:
    """Raise `DataInUse` when another process serves this folder, and do nothing else."""
    _hold(data.resolve()).close()


def running_url(data: Path) -> str | None:
    """Return the address of the database served from this folder, or None when none is."""
    data = data.resolve()
    ports = [int(each.suffix[1:]) for each in _socket_folder(data).glob(".s.PGSQL.*[0-9]")]
    port = next((each for each in ports if _answers(_socket(data, each))), None)
    if port is None or not (data / "postgres.password").exists():
        return None
    return _url(data, port)


def _hold(data: Path) -> IO[str]:
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise DataInUse(f"A service (process {holder}) already runs on {data}.") from None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _socket_folder(data: Path) -> Path:
    inside = data / "sockets"
    if len(str(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    return Path(tempfile.gettempdir()) / f"hotline-{sha256(str(data).encode()).hexdigest()[:16]}"


def _socket(data: Path, port: int) -> Path:
    return _socket_folder(data) / f".s.PGSQL.{port}"


def _url(data: Path, port: int) -> str:
    password = quote((data / "postgres.password").read_text(), safe="")
    place = quote(str(_socket_folder(data)), safe="")
    return f"postgresql+asyncpg://{NAME}:{password}@/postgres?host={place}&port={port}"


def _answers(path: Path) -> bool:
    """Say whether a server that takes connections is behind a socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(2)
            peer.connect(str(path))
            start = b"\x00\x03\x00\x00user\x00hotline\x00database\x00postgres\x00\x00"
            peer.sendall((len(start) + 4).to_bytes(4, "big") + start)
            return peer.recv(1) == b"R"  # it asks for the password: it is up
    except OSError:
        return False


def _text_of(file: Path) -> str:
    """Return what a pid file says: nothing when there is none, for a server that ends takes its own away."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def _process_of(said: str) -> Path:
    first = said.partition("\n")[0].strip()
    return Path("/proc") / (first if first.isdigit() else "0")


def _is_used(said: str, folder: Path) -> bool:
    """Say whether the server of a pid file runs, or processes it left behind."""
    try:
        command = (_process_of(said) / "cmdline").read_bytes().split(b"\x00")
    except OSError:
        command = []
    return str(folder).encode() in command or _is_attached(said)


def _is_attached(said: str) -> bool:
    """Say whether processes are attached to the shared memory a pid file names, on its 7th line."""
    lines = said.splitlines()
    shared = Path("/proc/sysvipc/shm")
    if len(lines) < SHARED_MEMORY_LINE or not shared.exists():
        return False
    key_and_id = lines[SHARED_MEMORY_LINE - 1].split()
    segments = [line.split() for line in shared.read_text().splitlines()[1:]]
    return any(each[:2] == key_and_id and int(each[6]) > 0 for each in segments)


def _version(binaries: Path) -> str:
    said = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True)
    return said.stdout.split()[2].split(".")[0]


def _locale(binaries: Path) -> list[str]:
    """Return what makes text sort by code point and pg_trgm see Chinese, by the server's version."""
    common = ["--lc-collate=C", "--lc-ctype=C.UTF-8"]
    if int(_version(binaries)) >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *common]
    return common

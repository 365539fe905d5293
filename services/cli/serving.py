"""`hotline up`, `run` and `migrate`: start the service."""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from socket import socket
from typing import Annotated, Any

import typer
import uvloop

from schemas.errors import Misconfigured
from services.cli.keys import first_keys
from services.cli.reach import CLOCK_FILE, Data, fail, reach, settings_of, told, with_database
from services.clock import RehearsalClock, wall_clock
from services.migrate import Seed, migrate
from services.observability import configure_logging
from services.postgres import EmbeddedPostgres, refuse_second
from services.processes import run_processes
from services.resources import database_url, make_clock, open_resources
from services.role import backing
from services.roles import Role, introduce, open_port, reserve_port, serve
from services.settings import Settings

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Rehearsal = Annotated[bool, typer.Option(help="Let the demo move the time. Never with real calls.")]
SharePort = Annotated[
    bool, typer.Option(help="Let processes that say so too listen on this port beside this one.")
]

PROCESSES = "How many processes share the port. One that ends takes all down."
MOST_EMBEDDED = 4
"""So many processes with their connections the embedded database has room for."""
Processes = Annotated[int, typer.Option(min=1, help=PROCESSES)]
FewProcesses = Annotated[int, typer.Option(min=1, max=MOST_EMBEDDED, help=PROCESSES)]

Command = Callable[..., None]
Beside = Callable[[], Coroutine[Any, Any, None]]

LOOPBACK = "127.0.0.1,localhost"


def commands(roles: Sequence[Role]) -> tuple[Command, Command, Command]:
    """Return the commands `up`, `run` and `migrate` of these roles."""
    seeds = [seed for role in roles for seed in role.seeds]
    known = {role.name: role for role in roles}

    def up(
        host: Host = "127.0.0.1",
        port: Port = 8000,
        data: Data = None,
        rehearsal: Rehearsal = False,
        processes: FewProcesses = 1,
    ) -> None:
        """
        Start everything at once: database, APIs, bus, loops.

        Data stays in the data folder and survives restarts. Ctrl-C stops it.
        """
        with told():
            _up(settings_of(data), host, port, roles, seeds, processes, rehearsal=rehearsal)

    def run_roles(
        names: Annotated[list[str], typer.Argument(metavar="ROLE...", help=f"{', '.join(known)}.")],
        host: Host = "127.0.0.1",
        port: Port = 8000,
        processes: Processes = 1,
        share_port: SharePort = False,
    ) -> None:
        """Run some roles on the database of HOTLINE_DATABASE_URL."""
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise typer.BadParameter(f"no such role: {', '.join(unknown)}")
        with told():
            chosen = [known[name] for name in dict.fromkeys(names)]
            _run(Settings(), host, port, chosen, roles, processes, share_port=share_port)

    def migrate_database(data: Data = None) -> None:
        """Create or upgrade the tables and load the reference data that ships."""
        with told():
            settings = reach(data)
            now = make_clock(settings).now()
            uvloop.run(migrate(database_url(settings), seeds, now))
            typer.echo("The database is at this version.")

    return up, run_roles, migrate_database


def _refuse_without_backing(settings: Settings, *, every_role: bool) -> None:
    if settings.database_url is None:
        raise Misconfigured("Set HOTLINE_DATABASE_URL; `hotline up` brings a database of its own.")
    if settings.kafka_servers is None and not every_role:
        # A process without Kafka publishes to its own consumers: an absent role would miss the event.
        raise Misconfigured("Set HOTLINE_KAFKA_SERVERS, or run every role in this one process.")


def _run(
    settings: Settings,
    host: str,
    port: int,
    roles: Sequence[Role],
    known: Sequence[Role],
    processes: int,
    *,
    share_port: bool,
) -> None:
    _refuse_without_backing(settings, every_role=len(roles) == len(known))
    if processes > 1:
        with reserve_port(host, port) as held:
            _share(settings, held, roles, _say_running, processes)
    else:
        _serve(settings, open_port(host, port, shared=share_port), roles, _say_running, known)


def _up(
    settings: Settings,
    host: str,
    port: int,
    roles: Sequence[Role],
    seeds: Sequence[Seed],
    processes: int,
    *,
    rehearsal: bool,
) -> None:
    if settings.database_url is not None:
        fail("HOTLINE_DATABASE_URL is set; `up` brings a database of its own. Use `run`.")
    settings.data.mkdir(parents=True, exist_ok=True)
    refuse_second(settings.data)
    clock = settings.data / CLOCK_FILE
    if clock.exists() and not rehearsal:
        fail(f"A rehearsal's data: the time in {settings.data} was moved. Say --rehearsal or another --data.")
    take = reserve_port if processes > 1 else open_port
    with take(host, port) as listener, EmbeddedPostgres(settings.data) as postgres:
        if rehearsal:
            settings = settings.model_copy(update={"rehearsal_clock": _rehearsal(clock)})
        settings = with_database(settings, postgres.url)
        if not settings.webhooks.allow_hosts:
            webhooks = settings.webhooks.model_copy(update={"allow_hosts": LOOPBACK})
            settings = settings.model_copy(update={"webhooks": webhooks})
        uvloop.run(migrate(postgres.url, seeds, make_clock(settings).now()))

        async def say(url: str) -> None:
            # Not earlier: a start that fails must not make keys that nobody gets to see.
            (settings.data / "url").write_text(url)
            _say_up(url, settings.data, await first_keys(settings))

        if processes > 1:
            _share(settings, listener, roles, say, processes, postgres.keep)
        else:
            _serve(settings, listener, [*roles, Role("postgres", loops=[postgres.keep])], say, roles)


def _rehearsal(file: Path) -> Path:
    """Put the clock's file there at the start, so that others who look see that the time may be moved."""
    if not file.exists():
        RehearsalClock(file).set(wall_clock())
    return file


def _serve(
    settings: Settings,
    listener: socket,
    roles: Sequence[Role],
    say: Callable[[str], Awaitable[None]],
    known: Sequence[Role],
) -> None:
    configure_logging(settings.log_level)
    if settings.rehearsal_clock:
        typer.echo("A rehearsal: its time may be moved. Never with real calls.", err=True)
    url = _url_of(listener)

    async def work() -> None:
        async with open_resources(settings) as resources:
            introduce([*known, backing], resources)
            await serve([*roles, backing], resources, listener, ready=lambda: say(url))

    uvloop.run(work())


def _share(
    settings: Settings,
    held: socket,
    roles: Sequence[Role],
    say: Callable[[str], Awaitable[None]],
    processes: int,
    *beside: Beside,
) -> None:
    """Run the same roles in several processes, which find in their environment what was set up here."""
    configure_logging(settings.log_level)
    host, port, *_ = held.getsockname()
    names = [role.name for role in roles]
    command = [sys.executable, "-m", "services", "run", *names, "--host", host, "--port", str(port)]
    environment = {
        **os.environ,
        "HOTLINE_DATA": str(settings.data),
        "HOTLINE_DATABASE_URL": database_url(settings),
        "HOTLINE_WEBHOOKS__ALLOW_HOSTS": settings.webhooks.allow_hosts,
        **({"HOTLINE_REHEARSAL_CLOCK": str(settings.rehearsal_clock)} if settings.rehearsal_clock else {}),
    }
    ready = partial(say, _url_of(held))
    uvloop.run(run_processes([*command, "--share-port"], processes, environment, ready, beside))


def _url_of(listener: socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _say_running(url: str) -> None:
    typer.echo(f"Serving at {url}, API docs at {url}/docs")


def _say_up(url: str, data: Path, keys: Sequence[tuple[str, str]]) -> None:
    typer.echo(f"12345 hotline at {url}\nAPI docs at {url}/docs\nData in {data}")
    if keys:
        typer.echo("\nFirst keys, for trying out; they are not shown again:")
        for name, key in keys:
            typer.echo(f"  {name:<12} {key}")
    typer.echo("\nCtrl-C stops it.")

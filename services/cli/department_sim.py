"""`hotline department-sim`: a department's system to develop against."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from services.cli.reach import run
from services.clock import wall_clock
from services.department_sim.behaviour import MEANING, SENDING_MEANS, Behaviour, Sending
from services.department_sim.hand import Way
from services.department_sim.system import Hotline, System

_FAULTS = "; ".join(f"{name}: {meaning}" for name, meaning in MEANING.items())

_BADLY = "; ".join(f"{name}: {meaning}" for name, meaning in SENDING_MEANS.items())

Behave = Annotated[
    list[Behaviour] | None, typer.Option(help=f"A fault, or several. [default: none] {_FAULTS}.")
]
Send = Annotated[
    list[Sending] | None, typer.Option(help=f"A fault of what it sends by hook. [default: none] {_BADLY}.")
]


def simulate_department(
    department: Annotated[str | None, typer.Option(help="Whose system it is.")] = None,
    url: Annotated[str | None, typer.Option(help="The service. [default: only take webhooks]")] = None,
    key: Annotated[str | None, typer.Option(envvar="HOTLINE_KEY", help="The department's API key.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="HOTLINE_WEBHOOK_SECRET", help="Of an endpoint registered before."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes the book's, or a free one.")
    ] = 0,
    by: Annotated[
        Way, typer.Option(help="What it acts by: its signed hook, or REST with the key.")
    ] = Way.HOOK,
    behave: Behave = None,
    send: Send = None,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two steps.")] = 1.0,
    slow_seconds: Annotated[float, typer.Option(min=0, help="How late `slow` answers.")] = 15.0,
    book: Annotated[
        Path | None, typer.Option(help="A file to keep what it took in, to go on after a restart.")
    ] = None,
) -> None:
    """
    Run a department's system: it takes webhooks and signs, contacts, feeds back and resolves.

    It registers its endpoint and its hook's secret with the service, and ends them when it stops,
    unless it keeps a book.
    Without --url it only takes webhooks, as `hotline conformance` sends them.
    """
    named = (department, url, key)
    if any(named) and not all(named):
        raise typer.BadParameter("--department, --url and --key go together")
    hotline = Hotline(url, key, department) if url and key and department else None
    system = System(
        host=host,
        port=port,
        behaves=frozenset(behave or ()),
        hotline=hotline,
        secret=secret,
        book=book,
        pause=pause,
        slow_seconds=slow_seconds,
        say=_say,
        by=by,
        sends=frozenset(send or ()),
    )

    async def work() -> None:
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        async with system.opened() as (address, verified_by):
            typer.echo(f"{department or 'A department'}'s system at {address}/hook")
            typer.echo(f"What it holds of a ticket: {address}/status?ticket=NUMBER")
            typer.echo(f"It verifies with {verified_by}")
            await stopped.wait()

    run(work)


def _say(line: str) -> None:
    typer.echo(f"{wall_clock().astimezone():%H:%M:%S}  {line}")

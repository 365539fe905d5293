"""The intake role alone on a PostgreSQL of its own: registers calls, and nobody takes the events away."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from socket import socket

import uvicorn
import uvloop
from fastapi import FastAPI

from escalation.role import escalation
from intake.role import intake
from router.role import router
from services.cli.keys import first_keys
from services.cli.reach import with_database
from services.clock import SystemClock
from services.http import create_app
from services.migrate import migrate
from services.observability import configure_logging
from services.postgres import EmbeddedPostgres
from services.processes import run_processes
from services.resources import Resources, open_resources
from services.roles import keep_running, open_port, spare_the_collector
from services.settings import Settings


class _Server(uvicorn.Server):
    """Says so when it serves."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
        )

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        print("serving", flush=True)


async def _wakeups(resources: Resources) -> None:
    await resources.wakeups.run()


async def work(settings: Settings, port: int) -> None:
    """Register what comes by a port that others may share, with the loops an intake process has."""
    async with open_resources(settings) as resources:
        server = _Server(create_app(intake.faces, resources, intake.checks))
        for check in intake.checks:
            await check(resources)
        spare_the_collector()
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(keep_running(each.__name__, each, resources))
                for each in (_wakeups, *intake.loops)
            ]
            await server.serve(sockets=[open_port("127.0.0.1", port, shared=True)])
            for each in loops:
                each.cancel()


async def run(settings: Settings, port: int, processes: int) -> None:
    """Migrate, then serve by that many processes until stopped; prints the database's address and keys."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    seeds = [seed for role in (intake, router, escalation) for seed in role.seeds]
    await migrate(url, seeds, SystemClock().now())
    keys = dict(await first_keys(settings))

    async def ready() -> None:
        print(json.dumps({"url": url, "keys": keys}), flush=True)

    command = [sys.executable, "-m", "bench.intake_server", str(port)]
    await run_processes(command, processes, {**os.environ, "HOTLINE_DATABASE_URL": url}, ready)


def main(port: int, processes: int | None) -> None:
    """Serve by several processes; without a number, be one of them."""
    configure_logging("WARNING")
    if processes is None:
        uvloop.run(work(Settings(), port))
        return
    with tempfile.TemporaryDirectory(prefix="intake-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        uvloop.run(run(with_database(Settings(data=Path(folder)), postgres.url), port, processes))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)

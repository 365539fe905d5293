"""The intake role alone on a PostgreSQL of its own: registers calls, and nobody takes the events away."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import uvicorn
import uvloop

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
from services.resources import open_resources
from services.roles import keep_running, spare_the_collector
from services.settings import Settings


async def work(settings: Settings, port: int) -> None:
    """Migrate, then serve until stopped; prints the database's address and a key."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await migrate(
        url, [seed for role in (intake, router, escalation) for seed in role.seeds], SystemClock().now()
    )
    keys = dict(await first_keys(settings))
    async with open_resources(settings) as resources:
        app = create_app(intake.faces, resources, intake.checks)
        server = uvicorn.Server(
            uvicorn.Config(
                app, port=port, log_config=None, access_log=False, lifespan="off", server_header=False
            )
        )
        async with asyncio.TaskGroup() as group:
            loops = [group.create_task(keep_running(each.__name__, each, resources)) for each in intake.loops]
            for check in intake.checks:
                await check(resources)
            spare_the_collector()
            print(json.dumps({"url": url, "keys": keys}), flush=True)
            await server.serve()
            for each in loops:
                each.cancel()


def main(port: int) -> None:
    """Serve until told to stop."""
    configure_logging("WARNING")
    with tempfile.TemporaryDirectory(prefix="intake-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        uvloop.run(work(with_database(Settings(data=Path(folder)), postgres.url), port))


if __name__ == "__main__":
    main(int(sys.argv[1]))

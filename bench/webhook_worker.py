"""The delivering process of a measurement: the courier and nothing else, until its input ends."""

import asyncio
import sys

import uvloop

from services.observability import configure_logging
from services.resources import open_resources
from services.roles import keep_running, spare_the_collector
from services.settings import Settings
from services.webhooks.courier import courier


async def work() -> None:
    """Run the courier by the settings of the environment, once a line comes in; prints one before."""
    async with open_resources(Settings()) as resources:
        spare_the_collector()  # as every process that serves
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        loops = (resources.wakeups.run(), keep_running("courier", courier, resources))
        tasks = [asyncio.create_task(each) for each in loops]
        await asyncio.to_thread(sys.stdin.read)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    configure_logging("ERROR")
    uvloop.run(work())

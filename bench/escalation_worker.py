"""The supervising process of a measurement: the timer and nothing else, until its input ends."""

import asyncio
import sys

import uvloop

from escalation.timer import timer
from services.observability import configure_logging
from services.resources import open_resources
from services.roles import keep_running, spare_the_collector
from services.settings import Settings


async def work() -> None:
    """Run the timer by the settings of the environment; prints a line when it starts."""
    async with open_resources(Settings()) as resources:
        loops = (resources.wakeups.run(), keep_running("timer", timer, resources))
        spare_the_collector()  # as every process that serves
        tasks = [asyncio.create_task(each) for each in loops]
        print("running", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    configure_logging("WARNING")
    uvloop.run(work())

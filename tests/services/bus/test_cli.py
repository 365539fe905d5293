"""`hotline dead-letters`: what an operator sees and brings back, on either bus."""

import asyncio
import json
import os
import sys
from pathlib import Path

from schemas.errors import IllegalTransition
from schemas.events import TicketSigned
from tests.services.bus.buses import Bus
from tests.services.bus.clerks import Clerk, none, signed
from tests.services.bus.waiting import PATIENCE, until

ROOT = Path(__file__).parents[3]


async def test_an_operator_sees_dead_letters_and_brings_them_back(bus: Bus, clerk: Clerk) -> None:
    poison = signed("HK1")

    async def refuse(_: TicketSigned) -> None:
        raise IllegalTransition("不能签收")

    clerk.trouble = refuse
    await bus.write(poison)
    async with bus.process(clerk.subscription()):
        await until(bus.dead_letters.all)
        await bus.settled(clerk.name)

        listed = await hotline(bus, "dead-letters", "list")
        assert f"{poison.id}  HK1  ticket.signed  clerk  illegal_transition  不能签收" in listed
        assert listed.endswith("1 dead letters\n")
        (shown,) = json.loads(await hotline(bus, "dead-letters", "list", "--json"))
        assert (shown["event_id"], shown["code"]) == (str(poison.id), "illegal_transition")

        clerk.trouble = none
        assert await hotline(bus, "dead-letters", "replay") == "1 brought back\n"
        await clerk.handles(poison)

    assert await hotline(bus, "dead-letters", "list") == "0 dead letters\n"


async def hotline(bus: Bus, *arguments: str) -> str:
    """Run the command line beside the service, and return what it printed."""
    known = {
        "HOTLINE_DATABASE_URL": bus.resources.database.engine.url.render_as_string(hide_password=False),
        "HOTLINE_KAFKA_SERVERS": bus.settings.kafka_servers,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *arguments),
        cwd=ROOT,
        env=os.environ | {name: value for name, value in known.items() if value},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()

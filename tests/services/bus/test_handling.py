"""What is never held against an event: a database that cannot be reached, however it is said."""

import pytest

from schemas.errors import Unavailable
from schemas.events import Message, to_message
from services.bus import Subscription
from services.bus.handling import handle
from services.resources import open_resources
from services.settings import Settings
from tests.kafka.broker import free_ports
from tests.services.bus.clerks import signed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "nowhere.invalid"])
async def test_an_event_is_not_set_apart_because_the_database_cannot_be_reached(host: str) -> None:
    (port,) = free_ports(1)
    url = f"postgresql+asyncpg://nobody@{host}:{port}/nothing"
    buried: list[Message] = []

    async def bury(message: Message, *_: str) -> None:
        buried.append(message)

    async def work(*_: object) -> None:
        raise AssertionError("There is no transaction to work in.")

    async with open_resources(Settings.model_validate({"database_url": url})) as resources:
        subscription = Subscription("clerk", {"ticket.signed": work})
        with pytest.raises(Unavailable):
            await handle(subscription, [to_message(signed("HK1"))], resources, bury)
    assert buried == []

"""The service as it is run, twice: embedded, and distributed over Kafka; the same journeys for both."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.driver import Hotline
from tests.journeys.ways import Distributed, Embedded, Way
from tests.sink import opened_sink

HAIKOU = ZoneInfo("Asia/Shanghai")
BEFORE_ALL_JOURNEYS = datetime(2026, 10, 9, 18, 0, tzinfo=HAIKOU)

DISTRIBUTED = pytest.param("distributed", marks=pytest.mark.kafka)


@pytest.fixture(scope="package", params=["embedded", DISTRIBUTED])
async def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Way]:
    """The service under way, one of its two ways; its processes end with the last journey."""
    work = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        service: Way = Embedded(work)
    else:
        service = Distributed(work, request.getfixturevalue("kafka_broker"))
    service.clock.set(BEFORE_ALL_JOURNEYS)
    try:
        await service.open()
        yield service
    finally:
        service.close()


@pytest.fixture(scope="package")
async def hotline(way: Way) -> AsyncIterator[Hotline]:
    """The same service as its users see it."""
    async with opened_sink() as sink:
        driver = Hotline(way.faces, way.make_key, way.clock, sink)
        yield driver
        await driver.client.aclose()

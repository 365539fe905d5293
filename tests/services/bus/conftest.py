"""One bus after the other for the same promises: the embedded one, and Apache Kafka."""

from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from tests.kafka.broker import KafkaBroker
from tests.kafka.fixtures import running_broker
from tests.services.bus.buses import Bus, Kafka, opened
from tests.services.bus.clerks import EFFECTS, Clerk


@pytest.fixture(scope="package")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker of its own: other tests' services would take these events for theirs."""
    with running_broker(tmp_path_factory.mktemp("bus")) as broker:
        yield broker


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults are logged with all their variables, which takes longer than the tests."""
    with capture_logs():
        yield


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.kafka)])
async def bus(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Bus]:
    broker = request.getfixturevalue("kafka_broker") if request.param == "kafka" else None
    async with opened(database_url, broker) as bus:
        await bus.change(EFFECTS)
        yield bus


@pytest.fixture
async def kafka(kafka_broker: KafkaBroker, database_url: str) -> AsyncIterator[Kafka]:
    async with opened(database_url, kafka_broker) as bus:
        assert isinstance(bus, Kafka)
        await bus.change(EFFECTS)
        yield bus


@pytest.fixture
def clerk(bus: Bus) -> Clerk:
    return Clerk(bus)

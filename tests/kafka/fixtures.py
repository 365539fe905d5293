"""The Kafka broker that tests share."""

import os
from collections.abc import Iterator

import pytest

from tests.kafka.broker import KafkaBroker, why_kafka_cannot_run


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker; a test that stops it starts it again."""
    if reason := why_kafka_cannot_run():
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"Kafka cannot run here: {reason}.")
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()

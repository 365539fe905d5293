"""The Kafka broker that tests share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kafka.broker import KafkaBroker, why_kafka_cannot_run


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker; a test that stops it starts it again."""
    with running_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@contextmanager
def running_broker(work: Path) -> Iterator[KafkaBroker]:
    """Run a broker in a folder; where none can run the tests are skipped, but never in CI."""
    if reason := why_kafka_cannot_run():
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"Kafka cannot run here: {reason}.")
    broker = KafkaBroker(work)
    broker.start()
    yield broker
    broker.stop()

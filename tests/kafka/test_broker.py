"""The test broker itself: what it was given it keeps, however it ends."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.kafka import jars
from tests.kafka.broker import KafkaBroker, why_kafka_cannot_run

PATIENCE = 30

Installs = Callable[[str, str], None]


@pytest.mark.kafka
@pytest.mark.parametrize("end", [KafkaBroker.stop, KafkaBroker.kill], ids=["stop", "kill"])
async def test_a_message_survives_a_restart_of_the_broker(
    kafka_broker: KafkaBroker, end: Callable[[KafkaBroker], None]
) -> None:
    address = kafka_broker.servers
    topic = f"kept.{end.__name__}"
    await create(topic, address)
    await send(topic, b"before", address)

    end(kafka_broker)
    assert not kafka_broker.running
    kafka_broker.start()

    assert kafka_broker.servers == address
    await send(topic, b"after", address)
    assert await read(topic, 2, address) == [b"before", b"after"]


@pytest.mark.kafka
def test_starting_a_running_broker_changes_nothing(kafka_broker: KafkaBroker) -> None:
    address = kafka_broker.servers

    kafka_broker.start()

    assert kafka_broker.running
    assert kafka_broker.servers == address


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installs:
    """Makes a machine with nothing on it but the programs it is given, and an empty cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def install(name: str, script: str) -> None:
        program = programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return install


@pytest.mark.parametrize(
    ("java", "reason"),
    [
        (None, "Java is missing"),
        ('openjdk version "11.0.2" 2019-01-15', "Java 11 is too old, it takes 17"),
        ('java version "1.8.0_292"', "Java 1 is too old, it takes 17"),
        ('openjdk version "17.0.15" 2025-04-15', "Maven is missing"),
        ('openjdk version "21" 2023-09-19', "Maven is missing"),
    ],
)
def test_a_machine_without_java_or_maven_says_which(install: Installs, java: str | None, reason: str) -> None:
    if java:
        install("java", f"echo '{java}' >&2")

    assert why_kafka_cannot_run() == reason


def test_with_java_and_maven_the_broker_can_run(install: Installs) -> None:
    install("java", "echo 'openjdk version \"17.0.15\"' >&2")
    install("mvn", "exit 1")

    assert why_kafka_cannot_run() is None


def test_jars_already_fetched_need_no_maven(install: Installs) -> None:
    install("java", "echo 'openjdk version \"17.0.15\"' >&2")
    jars.folder().mkdir(parents=True)

    assert why_kafka_cannot_run() is None


def test_a_fetch_that_was_killed_is_done_again_and_then_kept(install: Installs) -> None:
    writes = 'for each in "$@"; do case "$each" in -DoutputDirectory=*) into="${each#*=}";; esac; done'
    install("mvn", f'{writes}; echo > "$into/first.jar"; kill -9 $$')
    with pytest.raises(RuntimeError, match="Maven could not fetch kafka-4"):
        jars.fetched()
    assert not jars.folder().exists()

    install("mvn", f'{writes}; echo > "$into/second.jar"')
    assert [each.name for each in jars.fetched().iterdir()] == ["second.jar"]
    assert sorted(each.name for each in jars.folder().parent.iterdir()) == ["libs", "lock"]

    install("mvn", "exit 1")
    assert jars.fetched() == jars.folder()


async def create(topic: str, servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def send(topic: str, value: bytes, servers: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value)


async def read(topic: str, count: int, servers: str) -> list[bytes | None]:
    async with (
        asyncio.timeout(PATIENCE),
        AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest") as consumer,
    ):
        return [(await consumer.getone()).value for _ in range(count)]

"""What only Kafka has: the wire, foreign messages, a broker that does not answer."""

import asyncio
from datetime import UTC, datetime
from itertools import product

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from sqlalchemy import insert

from schemas.errors import Unavailable
from schemas.events import CONFIDENTIAL_TOPIC, TOPIC, DepartmentStep, TicketSigned
from schemas.lifecycle import Step
from schemas.wire import to_message
from services.bus.deadletters import dead_letters_of
from services.bus.kafka import TOPICS, KafkaPublisher, to_headers
from services.resources import open_resources
from services.settings import Settings
from services.tables import tickets
from services.tickets import TicketStore
from tests.kafka.broker import KafkaBroker, free_ports
from tests.services.bus.buses import Kafka
from tests.services.bus.clerks import MORNING, Clerk, signed
from tests.services.bus.waiting import PATIENCE

LARGEST = 1_048_250
"""With its headers, just what a broker takes by default."""

pytestmark = pytest.mark.kafka


@pytest.fixture
def clerk(kafka: Kafka) -> Clerk:
    return Clerk(kafka)


async def test_messages_are_cloudevents_that_another_library_reads(kafka: Kafka) -> None:
    event = signed("HK1", 7)
    await kafka.write(event)
    async with kafka.process():
        await kafka.settled()

    (record,) = await everything(kafka)
    assert (record.topic, record.key) == (TOPIC, b"HK1")
    told = from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))
    assert told.get_specversion() == "1.0"
    assert (told.get_id(), told.get_type()) == (str(event.id), "ticket.signed")
    assert (told.get_source(), told.get_subject()) == ("/hotline/12345", "HK1")
    assert told.get_time() == MORNING
    assert told.get_extension("sequence") == "7"
    assert told.get_datacontenttype() == "application/json"
    assert told.get_data() == event.data.model_dump(mode="json")


async def test_a_confidential_tickets_events_travel_on_the_confidential_topic_alone(kafka: Kafka) -> None:
    async with kafka.resources.database.transaction() as connection:
        for ticket, confidential in (("HK1", True), ("HK2", False)):
            await connection.execute(insert(tickets), assigned(ticket, confidential=confidential))
            store = TicketStore(connection)
            step = DepartmentStep(assignment_id=signed(ticket).id, department="water")
            locked = await store.lock(ticket)
            await store.advance(locked, Step.SIGN, TicketSigned, step, at=MORNING, actor="water")
    async with kafka.process():
        await kafka.settled()

    told = sorted((record.topic, record.key) for record in await everything(kafka))
    assert told == [(CONFIDENTIAL_TOPIC, b"HK1"), (TOPIC, b"HK2")]


async def test_confidential_events_are_handled_like_any_other(kafka: Kafka, clerk: Clerk) -> None:
    event = signed("HK1")
    await kafka.write(event)
    await kafka.change("UPDATE outbox SET topic = :topic", topic=CONFIDENTIAL_TOPIC)
    async with kafka.process(clerk.subscription()):
        await clerk.handles(event)


async def test_w9_foreign_messages_are_set_apart_and_pin_nothing(kafka: Kafka, clerk: Clerk) -> None:
    event = signed("HK1")
    good = to_message(event)
    headers = to_headers(good.headers)
    unknown = [*headers[:3], ("ce_type", b"ticket.teleported"), *headers[4:]]
    foreign = [
        (b"HK1", b"{", headers),
        (b"HK1", None, headers),
        (b"HK1", b"[" * 100_000, headers),
        (b"HK1", good.body, []),
        (b"HK1", good.body, [(name, None) for name, _ in headers]),
        (b"HK1", good.body, [(name, b"\xff\xfe") for name, _ in headers]),
        (b"HK1", good.body, unknown),
        (None, b"hello", []),
        (b"\xff\xfe", b"\xff\xfe", []),
        (b"HK1", b"x" * LARGEST, headers),
    ]
    async with AIOKafkaProducer(bootstrap_servers=kafka.settings.kafka_servers) as producer:
        for topic, (key, body, marks) in product(TOPICS, foreign):
            await producer.send_and_wait(topic, body, key, headers=marks)

    await kafka.write(event)
    async with kafka.process(clerk.subscription()) as process:
        await clerk.handles(event)
        await kafka.settled(clerk.name)
        assert process.healthy

    dead = await kafka.dead_letters.all()
    assert [each.code for each in dead] == ["invalid"] * len(foreign) * len(TOPICS)
    assert await kafka.dead_letters.replay() == len(dead)
    async with kafka.process(clerk.subscription()):
        await kafka.settled(clerk.name)
    assert len(await kafka.dead_letters.all()) == len(dead)
    await clerk.handles(event)


async def test_publishers_of_one_process_start_one_producer_between_them(kafka: Kafka) -> None:
    publisher = KafkaPublisher(kafka.settings)
    try:
        await asyncio.gather(*(publisher.publish([to_message(signed(f"HK{n}"))]) for n in range(20)))
    finally:
        await publisher.close()
    assert len(await everything(kafka)) == 20


async def test_a_publisher_closes_while_the_broker_is_away_and_sends_nothing_afterwards(
    kafka: Kafka, kafka_broker: KafkaBroker
) -> None:
    publisher = KafkaPublisher(kafka.settings)
    await publisher.publish([to_message(signed("HK1", 1))])
    await asyncio.to_thread(kafka_broker.kill)
    try:
        publishing = asyncio.create_task(publisher.publish([to_message(signed("HK1", 2))]))
        done, _ = await asyncio.wait([publishing], timeout=0.5)
        assert not done
        publishing.cancel()
        async with asyncio.timeout(PATIENCE):
            await publisher.close()
    finally:
        await asyncio.to_thread(kafka_broker.start)

    await publisher.publish([to_message(signed("HK1", 3))])
    await publisher.close()
    assert [dict(record.headers)["ce_sequence"] for record in await everything(kafka)] == [b"1", b"3"]


async def test_without_a_broker_every_call_says_that_kafka_does_not_answer(database_url: str) -> None:
    (port,) = free_ports(1)
    nowhere = {"database_url": database_url, "kafka_servers": f"127.0.0.1:{port}"}
    async with open_resources(Settings.model_validate(nowhere)) as resources:
        for call in (
            KafkaPublisher(resources.settings).publish([to_message(signed("HK1"))]),
            dead_letters_of(resources).all(),
            dead_letters_of(resources).replay(),
        ):
            with pytest.raises(Unavailable, match="Kafka does not answer"):
                await call


async def everything(kafka: Kafka) -> list[ConsumerRecord]:
    """All records there are, of all topics, each partition in its order."""
    async with kafka.reader() as reader:
        ends = await reader.end_offsets(list(reader.assignment()))
        found: list[ConsumerRecord] = []
        async with asyncio.timeout(PATIENCE):
            while len(found) < sum(ends.values()):
                for records in (await reader.getmany(timeout_ms=500)).values():
                    found += records
    return found


def assigned(ticket: str, *, confidential: bool) -> dict[str, object]:
    """The row of a ticket that waits to be signed."""
    words = {"kind": "complaint", "urgency": "general", "title": "举报", "text": "举报", "status": "assigned"}
    when = {"version": 2, "accepted_at": datetime(2026, 11, 23, tzinfo=UTC)}
    caller = {"caller": {"type": "person"}, "hotline": "12345", "live": False}
    return {"id": ticket, "confidential": confidential, **words, **when, **caller}

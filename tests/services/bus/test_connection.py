"""A connection to Kafka that is lost is told as Kafka's own error, on the loop the service runs on."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

import services.bus.kafka  # noqa: F401  (its import is what mends aiokafka)


def test_a_request_on_a_lost_connection_fails_as_kafka_does() -> None:
    async def lose_and_ask() -> None:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            connection = AIOKafkaConnection("127.0.0.1", port)
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, "127.0.0.1", port
            )
            connection._writer = transport
            connection._versions = {MetadataRequest([]).API_KEY: (0, 0)}
            transport.abort()
            await asyncio.sleep(0)
            with pytest.raises(KafkaConnectionError, match="The connection was lost"):
                connection.send(MetadataRequest([]))

    uvloop.run(lose_and_ask())

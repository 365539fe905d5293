"""A lost connection to Kafka told as one: uvloop says RuntimeError where aiokafka awaits OSError."""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError


def tell_lost_connections() -> None:
    """
    Make a request on a closed connection fail as a `KafkaError`, once for the whole process.

    Otherwise (aiokafka#1038) the consumer's fetching task ends without a word and its process
    goes on, alive and deaf; or its heartbeat's does, and the process ends.
    """
    send = AIOKafkaConnection.send
    if hasattr(send, "__wrapped__"):
        return

    @wraps(send)
    def send_or_tell(connection: AIOKafkaConnection, *arguments: Any, **named: Any) -> Any:
        try:
            return send(connection, *arguments, **named)
        except KafkaError:  # which is a RuntimeError too
            raise
        except RuntimeError as fault:
            connection.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"The connection was lost: {fault}") from fault

    AIOKafkaConnection.send = send_or_tell

"""A process that is told to stop answers what it has begun, and waits for nobody for ever."""

import asyncio
import json
import os
import signal
from asyncio import StreamReader, StreamWriter

import pytest

from intake.role import intake
from services import roles
from services.roles import Role, open_port, serve
from tests.inprocess import InProcess
from tests.services.bus.waiting import until

CALL = json.dumps({"kind": "help", "title": "灯", "text": "路灯不亮"}).encode()


async def half_a_call(port: int, key: str) -> tuple[StreamReader, StreamWriter]:
    """Send half a request, and wait until the service reads its body: it says so to who asks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"authorization: {key}\r\ncontent-length: {len(CALL)}\r\nexpect: 100-continue\r\nhost: x"
    writer.write(f"POST /v1/tickets HTTP/1.1\r\n{head}\r\n\r\n".encode() + CALL[:9])
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


async def test_what_was_begun_is_answered_and_who_never_ends_is_not_waited_for(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "GRACE_SECONDS", 8)
    key = (await hotline.client()).headers["authorization"]
    listener, serving = open_port("127.0.0.1", 0), asyncio.Event()
    port = listener.getsockname()[1]

    async def ready() -> None:
        serving.set()

    async def is_open() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return False
        writer.close()
        return True

    work = asyncio.create_task(serve([Role("calls", faces=intake.faces)], hotline.resources, listener, ready))
    await asyncio.wait_for(serving.wait(), 20)
    reader, writer = await half_a_call(port, key)
    _, slow = await half_a_call(port, key)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await until(is_open, lambda still: not still)
        writer.write(CALL[9:])
        assert await asyncio.wait_for(reader.readline(), 20) == b"HTTP/1.1 201 Created\r\n"
        await asyncio.wait_for(work, 20)
    finally:
        for each in (writer, slow):
            each.close()

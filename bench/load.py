"""A lean HTTP client for floods: kept connections, requests made beforehand, only the status is read."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvloop


@dataclass
class Flood:
    """What came back: milliseconds of each answer, and how many of each status."""

    seconds: float = 0.0
    took_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    first_refusal: bytes = b""


class _Caller(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], found: Flood, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._found = found
        self._done = done
        self._came = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, blank, body = self._came.partition(b"\r\n\r\n")
        if not blank:
            return
        if not _is_whole(head.lower(), body):
            return
        status = int(head[9:12])
        self._found.took_ms.append(1000 * (time.perf_counter() - self._sent))
        self._found.statuses[status] += 1
        if status >= 400 and not self._found.first_refusal:
            self._found.first_refusal = body
        self._came = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("The service closed the connection."))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]


def _is_whole(head: bytes, body: bytes) -> bool:
    """Say whether all of an answer has come: of a stream its last chunk, else as many bytes as it says."""
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head.partition(b"content-length:")[2].split(b"\r", 1)[0])


def post(path: str, key: str, body: bytes, media_type: str = "application/json", once: str = "") -> bytes:
    """Return the bytes of one POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n"
        f"content-type: {media_type}\r\ncontent-length: {len(body)}\r\n"
    )
    if once:
        head += f"idempotency-key: {once}\r\n"
    return head.encode() + b"\r\n" + body


async def flood(port: int, requests: Sequence[bytes], clients: int) -> Flood:
    """Send every request once over that many connections at a time; return what came back."""
    loop = asyncio.get_running_loop()
    found, left = Flood(), iter(requests)
    start = time.perf_counter()
    waits = []
    for _ in range(clients):
        done = loop.create_future()
        await loop.create_connection(lambda one=done: _Caller(left, found, one), "127.0.0.1", port)  # type: ignore[misc]
        waits.append(done)
    await asyncio.gather(*waits)
    found.seconds = time.perf_counter() - start
    return found


def run_flood(port: int, requests: Sequence[bytes], clients: int) -> Flood:
    """Run a flood on a loop of its own."""
    return uvloop.run(flood(port, requests, clients))

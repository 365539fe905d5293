"""A receiver in a process of its own that reads a post, says 200 and nothing else; or never answers."""

import asyncio

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class _Taker(asyncio.Protocol):
    """One connection: answers each post as soon as its body is whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._came = b""

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (size := _size(self._came)) and len(self._came) >= size:
            self._came = self._came[size:]
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


class _Silent(asyncio.Protocol):
    """Takes whatever comes and never says a word."""


def _size(came: bytes) -> int:
    """Return how long the first request is; 0 while its head is not whole."""
    head, blank, _ = came.partition(b"\r\n\r\n")
    if not blank:
        return 0
    length = head.lower().partition(b"content-length:")[2].split(b"\r", 1)[0]
    return len(head) + 4 + int(length or 0)


async def main() -> None:
    """Listen on two free ports, printed first: one that answers, one that does not. Until killed."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(each, "127.0.0.1", 0) for each in (_Taker, _Silent)]
    print(*(each.sockets[0].getsockname()[1] for each in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())

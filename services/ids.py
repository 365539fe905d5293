"""Ids that sort by time (UUID version 7), so that rows written together lie together in an index."""

import os
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto

NOISE = 10
AT_ONCE = 64


def ordered_ids(now: datetime) -> Iterator[UUID]:
    """
    Yield ids of that moment, as many as are taken.

    Random ids would touch a page of the index each, and each page would be logged whole
    after a checkpoint. They are the driver's own kind of UUID, which is made in a fifth of the time.
    """
    stamp = int(now.timestamp() * 1000).to_bytes(6, "big")
    while True:
        noise = os.urandom(NOISE * AT_ONCE)
        for at in range(0, len(noise), NOISE):
            marked = bytes((0x70 | noise[at] & 0x0F, noise[at + 1], 0x80 | noise[at + 2] & 0x3F))
            yield pgproto.UUID(stamp + marked + noise[at + 3 : at + NOISE])

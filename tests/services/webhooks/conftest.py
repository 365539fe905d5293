"""Department systems to deliver to."""

from collections.abc import AsyncIterator

import pytest

from tests.sink import Sink, opened_sink


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with opened_sink() as opened:
        yield opened


@pytest.fixture
async def other_sink() -> AsyncIterator[Sink]:
    async with opened_sink() as opened:
        yield opened

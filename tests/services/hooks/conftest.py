"""A department's system, with a secret of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.inprocess import InProcess
from tests.services.hooks.systems import System


@pytest.fixture
async def system(hotline: InProcess) -> AsyncIterator[System]:
    async with System.opened(hotline) as opened:
        yield opened

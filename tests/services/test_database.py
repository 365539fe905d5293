"""Which faults of the database may pass, and which are for a person."""

from socket import gaierror

import pytest

from schemas.errors import Unavailable
from services.database import is_passing, make_engine


@pytest.mark.parametrize(
    "fault",
    [
        ConnectionResetError(),
        TimeoutError(),
        gaierror(),
        Unavailable("away"),
        ExceptionGroup("", [TimeoutError()]),
    ],
)
def test_a_lost_way_to_the_database_may_pass(fault: BaseException) -> None:
    assert is_passing(fault)


@pytest.mark.parametrize(
    "fault", [ValueError(), FileNotFoundError(), ExceptionGroup("", [TimeoutError(), ValueError()])]
)
def test_a_fault_of_ours_does_not_pass(fault: BaseException) -> None:
    assert not is_passing(fault)


async def test_a_host_that_cannot_be_found_is_a_fault_that_may_pass() -> None:
    engine = make_engine("postgresql+asyncpg://a:b@no-such-host.invalid/x", pool=1)
    try:
        with pytest.raises(OSError) as fault:
            async with engine.connect():
                pass
        assert is_passing(fault.value)
    finally:
        await engine.dispose()

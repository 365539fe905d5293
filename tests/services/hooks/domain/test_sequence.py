"""A command that was done before what is applied is too old; what does not say when, is not."""

from datetime import UTC, datetime

import pytest

from services.hooks.domain.sequence import Place, is_older

NINE, TEN = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("command", "applied", "older"),
    [
        (Place(), Place(), False),
        (Place(NINE), Place(TEN), True),
        (Place(TEN), Place(NINE), False),
        (Place(TEN), Place(TEN), False),  # two in one second
        (Place(None, 2), Place(None, 3), True),
        (Place(None, 3), Place(None, 3), False),  # two about one version
        (Place(None, 4), Place(None, 3), False),
        (Place(), Place(TEN, 3), False),
        (Place(NINE, 3), Place(), False),
        (Place(NINE), Place(None, 3), False),
        (Place(TEN, 2), Place(NINE, 3), True),  # a clock that goes wrong does not make it newer
        (Place(NINE, 4), Place(TEN, 3), True),
    ],
)
def test_older_is_what_either_of_time_and_version_says(command: Place, applied: Place, older: bool) -> None:
    assert is_older(command, applied) is older

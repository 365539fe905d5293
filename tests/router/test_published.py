"""The garbage collector rests while a large table is read, never longer."""

import gc

import pytest

from router.published import uncollected


def test_the_collector_works_again_after_a_table_was_read_and_after_a_fault() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"), uncollected():
        raise ValueError("broken")
    assert gc.isenabled()

"""A handles, B when A is away or did not sign in time, the roster in its windows; never nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.duty import Absence, Person, Shift, Staff, who_is_on

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA, BO, CHEN = Person("甲"), Person("乙"), Person("丙")
LEAVE = Absence(NINE, NINE + 8 * HOUR, "年休")
NIGHT = Shift(CHEN, NINE + 9 * HOUR, NINE + 23 * HOUR)
FULL = Staff(ANNA, BO, (LEAVE,), (NIGHT,))


@pytest.mark.parametrize(
    ("staff", "after", "signed", "who", "because"),
    [
        # staff              hours signed  who   why
        (Staff(ANNA, BO), 0, True, "甲", "A岗在岗"),
        (FULL, 0, True, "乙", "A岗甲不在岗(年休),由B岗接办"),
        (FULL, 8, True, "甲", "A岗在岗"),  # back at the very minute
        (FULL, 8, False, "乙", "未按时签收,由B岗接办"),
        (FULL, 9, True, "丙", "按值班表值班"),
        (FULL, 9, False, "乙", "未按时签收,由B岗接办"),
        (FULL, 23, True, "甲", "A岗在岗"),
        (Staff(ANNA, None, (LEAVE,)), 0, True, "甲", "A岗不在岗,未设B岗"),
        (Staff(ANNA, None), 0, False, "甲", "A岗在岗"),
        (Staff(None, BO), 0, True, "乙", "未设A岗"),
        (Staff(None, None, (), (NIGHT,)), 10, False, "丙", "按值班表值班"),
    ],
)
def test_somebody_is_on(staff: Staff, after: int, signed: bool, who: str, because: str) -> None:
    found = who_is_on(staff, NINE + after * HOUR, signed=signed)
    assert found is not None
    assert (found.person.name, found.because) == (who, because)


def test_a_department_that_has_named_nobody_has_nobody() -> None:
    assert who_is_on(Staff(), NINE) is None
    assert who_is_on(Staff(None, None, (), (NIGHT,)), NINE) is None
